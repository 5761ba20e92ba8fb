"""A workflow on the local emulator, and what starts its executions there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from carnation.artifacts import Artifacts
from carnation.emulator import Emulator
from carnation.emulator.embedded import deploy_artifacts
from carnation.emulator.events.http_apis import PREFIX, respond

SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/execute-api/aws4_request"
}
SECONDS = 10  # how long a pipe, which has a thread of its own, may take on a busy machine


class Fired:
    """A deployed workflow, its outputs, and its triggers by what they hear of."""

    def __init__(self, emulator: Emulator, artifacts: Artifacts) -> None:
        self.emulator = emulator
        self.outputs = deploy_artifacts(emulator, artifacts)

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    def send(self, queue: str, *bodies: object) -> None:
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            self.client("sqs").send_message(QueueUrl=self.outputs[queue], MessageBody=text)

    def announce(self, source: str, detail_type: str, detail: object, bus: str = "default") -> None:
        entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}
        self.client("events").put_events(Entries=[{"EventBusName": bus, **entry}])

    def upload(self, bucket: str, key: str, content: bytes) -> None:
        self.client("s3").put_object(Bucket=self.outputs[bucket], Key=key, Body=content)

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] = SIGNED
    ) -> tuple[int, Any]:
        """Call the API named `front`; returns the status and the answer, read if it is JSON."""
        api = self.outputs["FrontUrl"].split("//")[1].split(".")[0]
        content = b"" if body is None else json.dumps(body).encode()
        status, _, answer = respond(
            self.emulator.client, method, f"{PREFIX}{api}{path}", headers, content
        )
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer.decode()

    def list_executions(self) -> list[dict[str, Any]]:
        """Describe the executions, the newest first."""
        client = self.client("stepfunctions")
        rows = client.list_executions(stateMachineArn=self.outputs["StateMachineArn"])["executions"]
        return [client.describe_execution(executionArn=row["executionArn"]) for row in rows]

    def wait_for_end(self) -> dict[str, Any]:
        """Wait until the newest execution ended, and describe it."""
        return self.wait(lambda: next((one for one in self.list_executions()[:1]
                                       if one["status"] != "RUNNING"), None))  # fmt: skip

    def wait(self, look: Callable[[], Any]) -> Any:
        """Wait until there is something to see, and give it."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.02)
        raise AssertionError(f"nothing happened; not delivered: {self.emulator.undelivered}")
