"""Patterns: reusable parts of a workflow, as functions that return fresh states.

The one that carnation's reference application is made of: do some work for each event of a list,
and put every event whose work fails safely away inside its own iteration, so that none is lost
with the list: into a queue for a later run, or, when its retries are used up, into a dead-letter
queue for a person.

An item of the list is `{"event": {…}, "receipt_handle": "…"}`; the handle is there when the event
came out of the queue. An event carries `retry_attempt`: 0 at first, n on its n-th retry.

These are written in JSONPath; `carnation.patterns.jsonata` has the same in JSONata with variables.
"""

from carnation.patterns.paths import if_any_failed, invoke_function, map_and_put_away
from carnation.patterns.retrying import TRANSIENT_LAMBDA_ERRORS, retry_transient_errors

__all__ = [
    "TRANSIENT_LAMBDA_ERRORS",
    "if_any_failed",
    "invoke_function",
    "map_and_put_away",
    "retry_transient_errors",
]
