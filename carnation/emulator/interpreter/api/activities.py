"""Operations on activities, and on the tasks that wait for an answer.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carnation.emulator.interpreter.api.encryption import read_encryption
from carnation.emulator.interpreter.api.errors import ApiError, invalid_token, no_activity
from carnation.emulator.interpreter.api.names import check_name, parse_arn
from carnation.emulator.interpreter.api.pages import cut_page
from carnation.emulator.interpreter.api.records import Activity, Region
from carnation.emulator.interpreter.api.tags import read_tags
from carnation.emulator.interpreter.services import to_text
from carnation.emulator.interpreter.task_runner import TokenHolder
from carnation.engine import Failed, Outcome, Started, Succeeded

if TYPE_CHECKING:
    pass

Params = Mapping[str, Any]


def create_activity(region: Region, params: Params) -> dict[str, Any]:
    """Create an activity; the same request again gives the same answer."""
    check_name(params["name"])
    arn = region.arn("activity", params["name"])
    encryption = read_encryption(region, params.get("encryptionConfiguration"))
    tags = read_tags({}, params.get("tags", ()))
    activity = region.activities.get(arn)
    if activity is None:
        activity = region.activities[arn] = Activity(arn, params["name"], encryption, tags)
    elif activity.encryption != encryption:
        raise ApiError("ActivityAlreadyExists", f"Activity Already Exists: '{arn}'")
    return {"activityArn": arn, "creationDate": activity.created}


def _find(region: Region, text: str) -> Activity:
    parse_arn(text, "activity")
    if text not in region.activities:
        raise no_activity(text)
    return region.activities[text]


def describe_activity(region: Region, params: Params) -> dict[str, Any]:
    """Describe an activity."""
    activity = _find(region, params["activityArn"])
    return {**_outline(activity), "encryptionConfiguration": activity.encryption}


def _outline(activity: Activity) -> dict[str, Any]:
    return {
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": activity.created,
    }


def delete_activity(region: Region, params: Params) -> dict[str, Any]:
    """Delete an activity, if there is one."""
    parse_arn(params["activityArn"], "activity")
    region.activities.pop(params["activityArn"], None)
    return {}


def list_activities(region: Region, params: Params) -> dict[str, Any]:
    """List activities, in the order of their names."""
    rows = sorted(region.activities.values(), key=lambda activity: activity.name)
    page, more = cut_page("ListActivities", params, rows, lambda activity: activity.arn)
    return {"activities": [_outline(activity) for activity in page], **more}


def get_activity_task(region: Region, params: Params) -> dict[str, Any]:
    """Wait for a task of an activity, and hand it to a worker; nothing if none came."""
    with region.lock:
        arn = _find(region, params["activityArn"]).arn
    wait = region.poll_seconds
    while (task := region.task_runner.activities.poll(arn, wait)) is not None:
        run = region.task_runner.tokens.get(task.token)
        if run is not None and run.answer(task.token, Started(params.get("workerName"))):
            return {"taskToken": task.token, "input": to_text(task.parameters)}
        wait = 0.0  # it has timed out, or its execution has ended or is forgotten
    return {}


def send_task_success(region: Region, params: Params) -> dict[str, Any]:
    """Answer a task with its output."""
    try:
        output = json.loads(params["output"])
    except (ValueError, RecursionError) as error:
        raise ApiError("InvalidOutput", f"Invalid Output: '{error}'") from None
    _answer(region, params["taskToken"], Succeeded(output))
    return {}


def send_task_failure(region: Region, params: Params) -> dict[str, Any]:
    """Answer a task with an error."""
    _answer(region, params["taskToken"], Failed(params.get("error"), params.get("cause")))
    return {}


def _answer(region: Region, token: str, outcome: Outcome) -> None:
    if not _find_execution(region, token).answer(token, outcome):
        raise _task_is_over()


def send_task_heartbeat(region: Region, params: Params) -> dict[str, Any]:
    """Report that a task's worker is alive."""
    token = params["taskToken"]
    if not _find_execution(region, token).beat(token):
        raise _task_is_over()
    return {}


def _find_execution(region: Region, token: str) -> TokenHolder:
    run = region.task_runner.tokens.get(token)
    if run is None:
        raise invalid_token()
    return run


def _task_is_over() -> ApiError:
    text = "Task Timed Out: 'Provided task does not exist anymore'"
    return ApiError("TaskTimedOut", text)
