"""What moto's interpreter does otherwise than AWS, put right while an emulator is open.

Each function below replaces one method and says what was wrong with it. Found with moto 5.2.5; the
tests of the emulator fail when a mend stops working.
"""

from __future__ import annotations

import copy
import json
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import boto3
from jsonpath_ng.ext.parser import parse as parse_json_path
from jsonpath_ng.parser import parse as parse_plain_path
from moto.stepfunctions.parser.asl.component.common.error_name import error_equals_decl
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import (
    JitterStrategyDecl,
)
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    inline_iteration_component as inline,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    iteration_worker as iteration,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_task import (
    lambda_eval_utils as lambda_tasks,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.asl.parse import asl_parser, preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client, json_path

from carnation.emulator.patches import Patches

# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
INLINE_CONCURRENCY = 40
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
HISTORY_LIMIT = 25_000


# Runs a function: (name, payload) → (payload, failed); None if it is to go through boto3.
Invoke = Callable[[str, bytes], "tuple[bytes, bool] | None"]


def install(patches: Patches, *, region: str, credentials: tuple[str, str], invoke: Invoke) -> None:
    """Replace what has to be replaced."""
    patches.set(asl_parser.AmazonStateLanguageParser, "parse", staticmethod(_cached_parser()))
    patches.set(boto_client, "boto3", SimpleNamespace(client=_cached_clients(region, credentials)))
    patches.set(iteration.IterationWorker, "_eval_pool", _evaluate_pool)
    patches.set(iteration.IterationWorker, "eval", _evaluate_worker)
    patches.set(inline.InlineIterationComponent, "_eval_body", _evaluate_inline_map)
    patches.set(Program, "eval", _evaluate_program)
    patches.set(JitterStrategyDecl, "_eval_body", _make_interval(JitterStrategyDecl._eval_body))
    patches.set(WaitFunction, "_wait_interval", _wait)
    patches.set(EventManager, "add_event", _make_add_event(EventManager.add_event))
    patches.set(Environment, "set_error", _make_set_error(Environment.set_error))
    patches.set(error_equals_decl.ErrorEqualsDecl, "_eval_body", _match_error)
    # moto refuses names in `States.`, and so breaks down when an iteration failed with one
    patches.set(
        CustomErrorName, "__init__", lambda name, error_name: ErrorName.__init__(name, error_name)
    )
    patches.set(aws_sdk, "_SERVICE_ERROR_NAMES", {**aws_sdk._SERVICE_ERROR_NAMES, **_SERVICES})
    patches.set(lambda_tasks, "_invoke_lambda_function", _make_invoke(invoke))
    patches.set(ExecutionState, "_evaluate_with_timeout", _evaluate_state)
    patches.set(Environment, "program_state", lambda env: copy.copy(env._program_state))
    for name in ("_log_exception", "_log_failure_event_exception"):
        patches.set(EvalComponent, name, lambda *_, **__: None)
    replaced = {"extract_json": (json_path.extract_json, _extract), "copy": (copy, _FAST_COPY)}
    replaced["parse"] = (parse_plain_path, lru_cache(maxsize=1024)(parse_plain_path))
    for name, module in list(sys.modules.items()):
        for attribute, (before, after) in replaced.items():
            ours = name.startswith("moto.stepfunctions.parser")
            if ours and getattr(module, attribute, None) is before:
                patches.set(module, attribute, after)


# The names that AWS's Java SDK gives to services, in front of an error: `Sqs.SqsException`.
_SERVICES = {
    "cloudwatch": "CloudWatch",
    "eventbridge": "EventBridge",
    "kms": "Kms",
    "lambda": "Lambda",
    "s3": "S3",
    "sns": "Sns",
    "sqs": "Sqs",
}


def _cached_parser() -> Any:
    """Parse a definition once: ANTLR takes a second for it, and moto asks again at each start.

    A definition that fails to parse leaves its query language behind in a list of the class.
    """
    original = asl_parser.AmazonStateLanguageParser.parse
    lock = threading.Lock()

    @lru_cache(maxsize=64)
    def parse(definition: str) -> Any:
        with lock:
            try:
                return original(definition)
            finally:
                preprocessor.Preprocessor._query_language_per_scope.clear()

    return parse


def _cached_clients(region: str, credentials: tuple[str, str]) -> Any:
    """Keep boto3's clients: moto makes a new one, in 5 to 50 ms, for every task."""
    session = boto3.session.Session(*credentials, region_name=region)
    clients: dict[tuple[str, str], Any] = {}
    lock = threading.Lock()

    def client(service_name: str, region_name: str, **options: Any) -> Any:
        options.pop("aws_access_key_id"), options.pop("aws_secret_access_key")
        with lock:
            key = (service_name, region_name)
            if key not in clients:
                clients[key] = session.client(service_name, region_name=region_name, **options)
            return clients[key]

    return client


def _make_invoke(invoke: Invoke) -> Any:
    original = lambda_tasks._invoke_lambda_function

    def invoke_function(parameters: Any, region: str, state_credentials: Any) -> Any:
        """Invoke a function without the way through boto3 and back, which takes 5 ms."""
        answer = None
        if set(parameters) <= {"FunctionName", "Payload"}:
            payload = parameters.get("Payload", b"{}")
            answer = invoke(parameters["FunctionName"], payload)
        if answer is None:
            return original(parameters, region, state_credentials)
        body, failed = answer
        response = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": json.loads(body)}
        return {**response, "FunctionError": "Unhandled"} if failed else response

    return invoke_function


def _evaluate_state(state: Any, env: Any) -> None:
    """Evaluate a state in the thread that asks for it, unless it has a timeout of its own."""
    state.timeout.eval(env=env)
    seconds: float = env.stack.pop()
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = _fast_copy(env.stack)
    try:
        if state.timeout.is_default_value():
            state._eval_execution(frame)
        else:
            _evaluate_in_time(state, frame, seconds)
    finally:
        frame.set_ended()
        env.close_frame(frame)
    output = frame.stack.pop()
    env.stack.append(output)
    if not state._is_language_query_jsonpath():
        env.states.set_result(output)
    for part in (state.assign_decl, state.result_selector):
        if part:
            part.eval(env=env)
    if state.result_path:
        state.result_path.eval(env)
    else:
        env.states.reset(input_value=env.stack.pop())


def _evaluate_in_time(state: Any, frame: Any, seconds: float) -> None:
    failures: list[BaseException] = []

    def evaluate() -> None:
        try:
            state._eval_execution(frame)
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=evaluate, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise EvalTimeoutError
    if failures:
        raise failures[0]


def _fast_copy(value: Any) -> Any:
    """Copy JSON values, at five times the speed of `copy.deepcopy`, which takes the others."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {key: _fast_copy(item) for key, item in value.items()}
    if kind is list:
        return [_fast_copy(item) for item in value]
    return copy.deepcopy(value)


_SCALARS = frozenset({str, int, float, bool, type(None)})
_FAST_COPY = SimpleNamespace(deepcopy=_fast_copy, copy=copy.copy)


def _evaluate_pool(worker: Any, job: Any, worker_frame: Any) -> None:
    """Work off a Map's items in a loop; moto recurses, and dies in silence at about 987 items."""
    pool, env = worker._job_pool, worker._env
    while job is not None:
        frame = worker_frame.open_inner_frame()
        worker._eval_job(env=frame, job=job)
        worker_frame.close_frame(frame)
        failed = isinstance(job.job_output, Exception) or worker.stopped()
        following = None if failed else pool.next_job()
        if following is None:
            if not failed:
                last = frame.event_history_context.last_published_event_id
                worker_frame.event_history_context.source_event_id = last
            # the frame closes before the job: the Map goes on when its last job is closed
            env.close_frame(worker_frame)
        pool.close_job(job)
        if following is None:
            return
        job = following
    env.close_frame(worker_frame)


def _evaluate_worker(worker: Any) -> None:
    """Report a worker that breaks down to its Map, which otherwise waits for it for ever."""
    pool = worker._job_pool
    try:
        worker._eval_pool(job=pool.next_job(), worker_frame=worker._env.open_frame())
    except Exception as error:
        with pool._mutex:
            pool._worker_exception = error
            pool._notify_on_termination()


def _evaluate_inline_map(component: Any, env: Any) -> None:
    """Run at most 40 iterations at once; moto takes MaxConcurrency 0 for a thread for each item."""
    given = env.stack.pop()
    items = given.input_items
    pool = JobPool(job_program=component._get_iteration_program(), job_inputs=items)
    at_once = min(given.max_concurrency or INLINE_CONCURRENCY, INLINE_CONCURRENCY, len(items))
    for _ in range(at_once):
        component._launch_worker(env=env, eval_input=given, job_pool=pool)
    pool.await_jobs()
    failure = pool.get_worker_exception()
    if failure is not None:
        raise failure
    env.stack.append([job.job_output for job in pool.get_closed_jobs()])


def _evaluate_program(program: Any, env: Any) -> None:
    """Run an iteration or a branch in the thread that asks for it; the outermost is `Run`'s."""
    env.next_state_name = program.start_at.start_at_name
    super(Program, program).eval(env)


def _make_interval(original: Any) -> Any:
    def evaluate(declaration: Any, env: Any) -> None:
        """Take a retry's interval off the stack and let it pass; moto sleeps."""
        original(declaration, env)
        env.event_manager.run.pause(env.stack.pop(), env)
        env.stack.append(0)

    return evaluate


def _wait(function: Any, env: Any, wait_seconds: float) -> None:
    """Let a Wait pass; moto sleeps."""
    env.event_manager.run.pause(max(0.0, float(wait_seconds)), env)


def _make_add_event(original: Any) -> Any:
    def add_event(manager: Any, context: Any, event_type: Any, *args: Any, **more: Any) -> int:
        """Write no history after the end, and no more of it than AWS keeps."""
        run = manager.run
        if run.done.is_set():
            return int(context.last_published_event_id)
        event_id: int = original(manager, context, event_type, *args, **more)
        run.last_event = time.monotonic()
        event = manager._history_event_list[event_id - 1]
        for watcher in run.watchers:
            watcher(event)
        if event_id == HISTORY_LIMIT - 1 and run.env.is_running():
            run.env.set_error(
                {
                    "error": "States.Runtime",
                    "cause": "The execution reached the maximum number of history events "
                    f"({HISTORY_LIMIT}).",
                }
            )
        return event_id

    return add_event


def _make_set_error(original: Any) -> Any:
    def set_error(env: Any, error: Any) -> None:
        """Leave a stop and a timeout what they are; moto turns them into failures."""
        if not isinstance(env._program_state, (ProgramStopped, ProgramTimedOut)):
            original(env, error)

    return set_error


_TERMINAL = (
    StatesErrorNameType.StatesRuntime.to_name(),
    StatesErrorNameType.StatesStatesDataLimitExceeded.to_name(),
)


def _match_error(declaration: Any, env: Any) -> None:
    """Match an error's name; States.ALL leaves out terminal errors, which moto lets it catch."""
    error = env.stack.pop()
    name = error.error_name if error is not None else None
    names = [each.error_name for each in declaration.error_names]
    if name in names:
        matches = True
    elif name in _TERMINAL:
        matches = False
    elif "States.ALL" in names:
        matches = True
    else:
        matches = "States.TaskFailed" in names and name != "States.Timeout"
    env.stack.append(matches)


_INDEFINITE = re.compile(r"\.\.|\?\(|\*|\[[^\]'\"]*[:,][^\]]*\]")
_cached_path = lru_cache(maxsize=1024)(parse_json_path)


def _extract(path: str, data: Any) -> Any:
    """Evaluate a JSONPath: one that may match several places gives a list, also of one or none.

    moto builds the parser anew for each evaluation, takes `$[?(@.x)]` without a match for an error
    and gives `$.a[0].b` as a list.
    """
    values = [match.value for match in _cached_path(path).find(data)]
    if _INDEFINITE.search(path):
        # AWS, unlike JSONPath, gives `$.a[*].b[0]` as its value
        single = len(values) == 1 and re.search(r"\[\d+\]$", path)
        return values[0] if single else values
    if not values:
        raise json_path.NoSuchJsonPathError(json_path=path, data=data)
    return values[0]
