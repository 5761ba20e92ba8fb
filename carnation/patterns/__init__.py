"""Patterns: reusable parts of a workflow, as functions that return fresh states.

Enters: arguments of a composition.
Leaves: fresh states, stacks, reporters.
May not know: the commands. No room below may know a pattern.

`carnation.patterns.events` is what carnation's reference application is made of: it processes a
list of events and loses none. Its states in JSONPath are handed on here;
`carnation.patterns.events.jsonata` has the same in JSONata with variables.
"""

from typing import TYPE_CHECKING

from carnation.lazy import load_lazily

if TYPE_CHECKING:
    from carnation.patterns.events.paths import (
        if_any_failed,
        invoke_function,
        map_and_put_away,
        map_and_requeue,
    )
    from carnation.patterns.retries import TRANSIENT_LAMBDA_ERRORS, retry_transient_errors

__all__ = [
    "TRANSIENT_LAMBDA_ERRORS",
    "if_any_failed",
    "invoke_function",
    "map_and_put_away",
    "map_and_requeue",
    "retry_transient_errors",
]

# a reporter, which is all that `run` needs of this package, is loaded without the SDK
_RETRIES = ("TRANSIENT_LAMBDA_ERRORS", "retry_transient_errors")
__getattr__ = load_lazily(
    __name__, {**dict.fromkeys(__all__, "events.paths"), **dict.fromkeys(_RETRIES, "retries")}
)
