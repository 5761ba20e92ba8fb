"""The errors of the Step Functions API, with the codes and texts that AWS gives them."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal of the service: its code, its text, its further members.

    >>> ApiError("InvalidName", "Invalid Name: 'a b'").code
    'InvalidName'
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        """Take the code, the text, the HTTP status and the error's members next to its text."""
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.fields = code, message, status, fields


def validation_error(message: str, reason: str | None = None) -> ApiError:
    """Return a ValidationException, with its reason where the model has one for it."""
    fields = {"reason": reason} if reason else {}
    return ApiError("ValidationException", message, 400, **fields)


def invalid_arn(detail: str) -> ApiError:
    """Return an InvalidArn."""
    return ApiError("InvalidArn", f"Invalid Arn: '{detail}'")


def invalid_token() -> ApiError:
    """Return the InvalidToken of tasks and of pages."""
    return ApiError("InvalidToken", "Invalid Token: 'Invalid token'")


def no_state_machine(arn: str) -> ApiError:
    """Return a StateMachineDoesNotExist."""
    return ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def no_execution(arn: str, detail: str = "") -> ApiError:
    """Return an ExecutionDoesNotExist."""
    return ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'{detail}")


def no_activity(arn: str) -> ApiError:
    """Return an ActivityDoesNotExist."""
    return ApiError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def no_resource(arn: str) -> ApiError:
    """Return the ResourceNotFound of tags and Map Runs."""
    return ApiError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)


def no_referenced_resource() -> ApiError:
    """Return the ResourceNotFound of aliases and of what they route to."""
    return ApiError("ResourceNotFound", "Request references a resource that does not exist.")


def wrong_type() -> ApiError:
    """Return the StateMachineTypeNotSupported of operations for one of the two types."""
    text = "This operation is not supported by this type of state machine"
    return ApiError("StateMachineTypeNotSupported", text)
