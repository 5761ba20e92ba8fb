"""An account as carnation calls it: one way to call, one way to list, one kind of error."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from carnation.account.client_errors import SERVE_REMEDY, explain_answer, explain_failure
from carnation.errors import AccountError, CarnationError, UsageError, suggest_name


def _import_boto3() -> Any:
    try:
        import boto3
    except ImportError as error:
        raise CarnationError(
            "an account needs boto3, which is not installed. "
            "Install the extra 'deploy'; in a clone: pip install -e '.[deploy]'"
        ) from error
    return boto3


def _check_endpoint(url: str | None) -> str | None:
    """Reject what is no endpoint, unseen: what is before a host may be a password."""
    if url is not None and not re.fullmatch(r"https?://[^/@\s]+(/\S*)?", url):
        raise UsageError(
            "--endpoint-url must be http:// or https:// and a host, without user and password, "
            "as in "
            "http://127.0.0.1:4599."
        )
    return url


def _is_loopback(url: str) -> bool:
    """Return whether a URL is one of this computer.

    >>> _is_loopback("http://127.0.0.1:4599"), _is_loopback("https://sts.amazonaws.com")
    (True, False)
    """
    return re.match(r"https?://(127\.0\.0\.1|localhost|\[::1\])(?=[:/]|\Z)", url) is not None


class Account:
    """An account in one region, by a profile and an endpoint where these are given.

    Credentials are found by boto3 where every AWS tool finds them; none is kept or printed here.

    >>> account = Account(region="eu-west-1")  # doctest: +SKIP
    >>> account.call("sqs", "list_queues")  # doctest: +SKIP
    """

    def __init__(
        self, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None
    ) -> None:
        """Open a session; raises `AccountError` for an unknown profile, or without a region."""
        boto3 = _import_boto3()
        from botocore.exceptions import BotoCoreError

        self.endpoint_url = _check_endpoint(endpoint_url)
        try:
            self._session = boto3.session.Session(
                profile_name=profile,
                # every other SDK of AWS reads this one first, and boto3 not at all
                region_name=region or os.environ.get("AWS_REGION") or None,
            )
        except BotoCoreError as error:
            raise explain_failure("", "", error, region or "") from error
        self.profile, self.region = profile, self._session.region_name
        if not self.region:
            remedy = (
                SERVE_REMEDY if self._is_loopback
                else "Use --region, set AWS_REGION, or set a Region in the profile."
            )  # fmt: skip
            raise AccountError(f"no AWS Region configured. {remedy}", reason="no-region")
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @cached_property
    def number(self) -> str:
        """The account's number, which is also how the credentials are tried."""
        return str(self.call("sts", "get_caller_identity")["Account"])

    @property
    def is_local(self) -> bool:
        """Return whether the endpoint is one of this machine, where nothing takes long."""
        return _is_loopback(self.endpoint_url or self._client("sts").meta.endpoint_url)

    @property
    def _is_loopback(self) -> bool:
        """Return the same before there is a client, which needs a Region."""
        return _is_loopback(self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", ""))

    def _client(self, service: str) -> Any:
        from botocore.config import Config

        with self._lock:  # making a client is not safe from two threads, using it is
            if service not in self._clients:
                config = Config(retries={"mode": "standard", "max_attempts": 5})
                self._clients[service] = self._session.client(
                    service, endpoint_url=self.endpoint_url, config=config
                )
            return self._clients[service]

    def call(self, service: str, action: str, /, **parameters: Any) -> dict[str, Any]:
        """Call an action by boto3's name; raises `AccountError`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client(service), action)(**parameters)
        except ClientError as error:
            raise explain_answer(service, error, self.region, local=self._is_loopback) from error
        except (BotoCoreError, ValueError) as error:
            near = self._suggest_region() if self.endpoint_url is None else ""
            raise explain_failure(
                service, action, error, self.region, near, local=self._is_loopback
            ) from error
        return answer

    def _suggest_region(self) -> str:
        """Guess which region was meant, where boto3 has never heard of this one."""
        partitions = self._session.get_available_partitions()
        known = [
            region
            for name in partitions
            for region in self._session.get_available_regions("sts", name)
        ]
        return "" if self.region in known else suggest_name(self.region, known)

    def list(
        self, service: str, action: str, field: str, /, limit: int | None = None, **parameters: Any
    ) -> Iterator[Any]:
        """Yield what an action lists under a field, page by page, `limit` items at the most."""
        tokens = {"s3": ("ContinuationToken", "NextContinuationToken"),
                  "logs": ("nextToken", "nextToken"),
                  "stepfunctions": ("nextToken", "nextToken")}  # fmt: skip
        give, take = tokens.get(service, ("NextToken", "NextToken"))
        count = 0
        while True:
            answer = self.call(service, action, **parameters)
            for item in answer.get(field, ()):
                if limit is not None and count >= limit:
                    return
                count += 1
                yield item
            if not answer.get(take):
                return
            parameters[give] = answer[take]
