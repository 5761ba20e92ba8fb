"""The events by which Step Functions tells EventBridge of an execution's status.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carnation.emulator.interpreter.executions import EmulatedExecution

_MAX_BYTES = 248 * 1024  # bytes of an input or an output that an event holds


def make_status_event(run: EmulatedExecution) -> dict[str, Any]:
    """Make the event of an execution's present status."""
    _, _, _, region, account = run.arn.split(":")[:5]
    detail: dict[str, Any] = {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "status": run.status,
        "startDate": int(run.start_date.timestamp() * 1000),
        "stopDate": int(run.stop_date.timestamp() * 1000) if run.stop_date else None,
        **_describe("input", run.request.input_text),
        **_describe("output", run.output_text if run.status == "SUCCEEDED" else None),
        "stateMachineVersionArn": run.request.version_arn,
        "stateMachineAliasArn": run.request.alias_arn,
        "redriveCount": run.redrives,
        "error": run.error,
        "cause": run.cause,
    }
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "account": account,
        "region": region,
        "resources": [run.arn],
        "detail": detail,
    }


def _describe(name: str, text: str | None) -> dict[str, Any]:
    if text is None:
        return {name: None, f"{name}Details": None}
    fits = len(text.encode()) <= _MAX_BYTES
    return {name: text if fits else None, f"{name}Details": {"included": fits}}
