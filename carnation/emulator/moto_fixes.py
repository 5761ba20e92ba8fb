"""What moto does otherwise than AWS, outside of its interpreter, put right while one is open.

The door through which every API call goes, where faults are put in. Found with moto 5.2.5.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache, cached_property, lru_cache
from importlib.util import find_spec
from typing import Any

from moto import backend_index
from moto.core import errors, responses, routing, utils
from moto.core.base_backend import BackendDict
from moto.core.common_models import BaseModel
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from moto.sqs.models import SQSBackend

from carnation.emulator.faults import Hooks, ServiceError
from carnation.emulator.moto_records import bound_records
from carnation.emulator.numbers import find_invalid_number
from carnation.emulator.patching import Patches

_KEPT_EXPRESSIONS = 256


def patch_calls(patches: Patches, hooks: Hooks, *, real_time: bool) -> None:
    """Show every call to the hooks, of any caller; answer a long poll at once."""
    log, silent = logging.getLogger("moto"), logging.NullHandler()
    log.addHandler(silent)  # or its warnings go to stderr, where nobody has set up logging
    patches.defer(lambda: log.removeHandler(silent))
    _leave_rest_apis_out(patches)
    _spare_preparations(patches)
    patches.set(BaseModel, "__new__", _make_model)
    atomic = {"dynamodb", "s3"} if real_time else {"dynamodb", "s3", "sqs"}
    locks = {service: threading.RLock() for service in atomic}
    # moto warns of an error code that is not in a service's model, as a test's may well be
    patches.set(errors, "warn", lambda *_, **__: None)
    told = (_fix_when_used(patches), bound_records(patches))
    ask = _ask_first(BaseResponse.call_action, hooks, locks, told)
    patches.set(BaseResponse, "call_action", ask)
    for name in ("bucket_response", "key_response"):
        patches.set(S3Response, name, _ask_first_for_s3(vars(S3Response)[name], hooks, locks["s3"]))
    # no policy is enforced here; moto enforces a bucket's, but without its conditions
    patches.set(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
    patches.set(SQSBackend, "is_message_valid_based_on_retention_period", _is_retained)
    if not real_time:
        patches.set(SQSBackend, "receive_message", _receive_now(SQSBackend.receive_message))


def _leave_rest_apis_out(patches: Patches) -> None:
    """Let HTTP APIs do without a library of moto's REST APIs, where that is not installed.

    Both have one host, for which moto asks the REST APIs: they import openapi_spec_validator, with
    15 packages and 20 MB. Their calls are then answered as what is not emulated.
    """
    if find_spec("openapi_spec_validator") is None:
        names = {"apigateway": "apigatewayv2"}
        patterns = [
            (names.get(name, name), url) for name, url in backend_index.backend_url_patterns
        ]
        patches.set(backend_index, "backend_url_patterns", patterns)


def _spare_preparations(patches: Patches) -> None:
    """Spare what moto prepares and never uses, and what it finds out again for each request.

    For each call it looks several times through all services to see that they are listed.
    For each operation of Lambda it compiles a program that would build its URL; for each answer of
    DynamoDB it draws 52 letters, where a request ID of any kind will do.
    """
    patches.set(responses, "gen_amzn_requestid_long", _identify_long)
    patches.set(routing.SmithyRule, "_compile_builder", lambda *_: lambda *_: ("", ""))
    patches.set(responses, "method_names_from_class", _list_methods)
    patches.set(responses, "camelcase_to_underscores", _separate_words)
    patches.set(BackendDict, "__getitem__", _find_known(BackendDict.__getitem__))


def _make_model(cls: type[BaseModel], *_: Any, **__: Any) -> BaseModel:
    """Make an object of a service; moto remembers each, each copy of a queue's message too.

    S3 closes the files of its own by that when it ends.
    """
    instance: BaseModel = super(BaseModel, cls).__new__(cls)
    if cls.__module__ == "moto.s3.models":
        cls.instances_tracked.append(instance)  # type: ignore[attr-defined]
    return instance


def _find_known(find: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Look an account's part of a service up; moto lists the service when it makes the part."""

    def find_known(services: Any, account: str) -> Any:
        known = dict.get(services, account)
        return find(services, account) if known is None else known

    return find_known


def _identify_long(headers: dict[str, Any]) -> str:
    headers["x-amzn-requestid"] = found = secrets.token_hex(26).upper()
    return found


_list_methods = cache(utils.method_names_from_class)
_separate_words = lru_cache(maxsize=4096)(utils.camelcase_to_underscores)  # names of a client


class _KeyWhenUsed:
    """A private key of KMS that is generated when something signs with it.

    moto generates one of 2,048 bits for each key, also for those that only encrypt.
    """

    def __init__(self, generate: Callable[[str], Any], spec: str) -> None:
        self._generate, self._spec = generate, spec

    @cached_property
    def _key(self) -> Any:
        return self._generate(self._spec)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._key, name)


def _fix_when_used(patches: Patches) -> Callable[[str], None]:
    """Return what is told of each call: some of moto is loaded, and put right, by the first."""

    @cache
    def see(service: str) -> None:
        if service == "kms":
            from moto.kms import models

            original = vars(models)["generate_private_key"]
            patches.set(models, "generate_private_key", lambda spec: _KeyWhenUsed(original, spec))
        elif service == "dynamodb":
            from moto.dynamodb.comparisons import ConditionExpressionParser

            once = _parse_once(ConditionExpressionParser.parse)
            patches.set(ConditionExpressionParser, "parse", once)

    return see


def _parse_once(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Parse an expression with its names and values once; moto does so twice for each put."""
    kept: dict[str, tuple[Any, list[str], list[str]]] = {}

    def parse_once(parser: Any) -> Any:
        names, values = parser.expression_attribute_names, parser.expression_attribute_values
        try:
            key = json.dumps([parser.condition_expression, names, values])
        except TypeError:  # bytes
            return parse(parser)
        found = kept.get(key)
        if found is None:
            if len(kept) == _KEPT_EXPRESSIONS:
                kept.clear()
            made = parse(parser)
            kept[key] = made, [*parser.expr_attr_names_found], [*parser.expr_attr_values_found]
            return made
        parser.expr_attr_names_found.extend(found[1])
        parser.expr_attr_values_found.extend(found[2])
        return found[0]

    return parse_once


class _InjectedError(ServiceException):
    """A hook's error; moto looks for a service's model by the module of an exception's class."""


def _decide(response: BaseResponse, hooks: Hooks) -> Any:
    """Ask the hooks about a call; returns the answer that replaces moto's, or None."""
    action = response._get_action()
    if not action:
        return None
    if not response.automated_parameter_parsing:
        response.parse_parameters(response.normalized_request)
    verdict = hooks.before_call(response.boto3_service_name, action, dict(response.params))
    if verdict is None:
        return None
    if not isinstance(verdict, ServiceError):
        return response.serialized(ActionResult(dict(verdict)))
    error = _InjectedError(verdict.code, verdict.message)
    _, headers, body = response.serialized(ActionResult(error))
    return verdict.status, headers, body


def _identify(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer the request ID that every answer of AWS has, and not every one of moto."""
    return {"x-amzn-requestid": str(uuid.uuid4()), **headers}


def _ask_first(
    original: Callable[..., Any],
    hooks: Hooks,
    locks: Mapping[str, AbstractContextManager[Any]],
    told: Sequence[Callable[[str], None]],
) -> Callable[..., Any]:
    def call_action(response: BaseResponse) -> Any:
        """Ask the hooks, then moto; one call at a time, or a conditional put is none."""
        for see in told:
            see(response.boto3_service_name)
        if hooks.watches_calls:
            decided = _decide(response, hooks)
            if decided is not None:
                status, headers, body = decided
                return int(status), {**_identify(headers), "status": str(status)}, body
        if response.boto3_service_name == "dynamodb":
            invalid = find_invalid_number(response.body)
            if invalid is not None:
                return _reject_number(response, invalid)
        with locks.get(response.boto3_service_name) or nullcontext():
            status, headers, body = original(response)
        return status, _identify(headers), body

    return call_action


def _reject_number(response: BaseResponse, text: str) -> Any:
    """Answer as DynamoDB does; moto fails where it calculates with it, and else keeps it."""
    message = f"The parameter cannot be converted to a numeric value: {text}"
    error = _InjectedError("ValidationException", message)
    _, headers, body = response.serialized(ActionResult(error))
    return 400, {**_identify(headers), "status": "400"}, body


def _ask_first_for_s3(
    original: Callable[..., Any], hooks: Hooks, lock: AbstractContextManager[Any]
) -> Callable[..., Any]:
    def respond(response: S3Response, request: Any, full_url: str, headers: Any) -> Any:
        """Ask the hooks, then moto, whose S3 has a dispatcher of its own."""
        if hooks.watches_calls:
            response.setup_class(request)
            decided = _decide(response, hooks)
            if decided is not None:
                return response._send_response(decided)
        with lock:
            return original(response, request, full_url, headers)

    return respond


def _is_retained(backend: SQSBackend, queue_name: str, message: Any) -> bool:
    """Ask for one attribute; moto counts the whole queue for it, once for each message."""
    queue: Any = backend.get_queue(queue_name)
    period = queue.message_retention_period
    return bool(period + message.sent_timestamp / 1000 > time.time())


def _receive_now(original: Callable[..., Any]) -> Callable[..., Any]:
    def receive_message(
        backend: SQSBackend,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        *args: Any,
        **more: Any,
    ) -> Any:
        """Receive what is there; moto waits out WaitTimeSeconds by the clock."""
        return original(backend, queue_name, count, 0, *args, **more)

    return receive_message
