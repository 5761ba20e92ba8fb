"""Retriers and substitutions: what the patterns say alike in both query languages."""

from __future__ import annotations

from carnation.states import Retry

TRANSIENT_LAMBDA_ERRORS = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
"""What AWS advises to retry on every Lambda task.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
"""


def retry_transient_errors(max_attempts: int = 1) -> Retry:
    """Make the retrier for errors of the Lambda service itself, its waits spread at random.

    One attempt is what a Map over a thousand events can afford: each costs its history three more
    for every event.

    >>> retry_transient_errors(2).fields["max_attempts"]
    2
    """
    return Retry(
        error_equals=TRANSIENT_LAMBDA_ERRORS,
        interval_seconds=2,
        max_attempts=max_attempts,
        max_delay_seconds=10,
        jitter_strategy="FULL",
    )


def retry_once() -> Retry:
    """Make the retrier of the calls that put an event away."""
    # one retry, since each costs the history three events for every event of the run
    return Retry(
        error_equals=["States.ALL"],
        interval_seconds=1,
        max_attempts=1,
        jitter_strategy="FULL",
    )


def substitute_function(function: str) -> str:
    """Return the substitution for the ARN of a function's version, by the function's name.

    >>> substitute_function("process_event")
    '${ProcessEventFunction}'
    """
    return f"${{{''.join(part.title() for part in function.split('_'))}Function}}"
