"""What breaks off a task while it is performed, and outcomes that are no failures of an event."""

from __future__ import annotations

from carnation.engine import Failed, Succeeded, Task

ALREADY_EXISTS_ERRORS = ("ConditionalCheckFailed", "PreconditionFailed")
"""How the names of errors begin that say that an event was written before."""


class EndedError(BaseException):
    """The execution, or the child it is about, ended while a task of it was performed."""


class ExpiredError(Exception):
    """The state's time was over before the answer came."""


def expire(task: Task) -> Succeeded | Failed:
    """Return an answer that comes too late; without a TimeoutSeconds it is the integration's own.

    >>> expire(Task("A", "Task", "", "sqs", "sendMessage", {}, "", timeout=5))
    Succeeded(output=None, after=6)
    """
    if task.timeout is None:
        return Failed("States.Timeout", None)
    return Succeeded(None, task.timeout + 1)
