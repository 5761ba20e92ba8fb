"""Steps: the states that call a resource's API, by `noun.api_call("StateName", ...)`.

Keywords in PascalCase are the API's parameters, those in snake_case the state's fields. `integrate`
checks the parameters against AWS's model. A step belongs to no query language until a definition is
written: then its parameters are `Arguments` in JSONata and `Parameters` in JSONPath.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.errors import DefinitionError
from carnation.states import Task
from carnation.states.arguments import find_line
from carnation.states.integrations import Call, Pattern, integrate

CALL_SECONDS = 30
"""How long a call may take unless its state says otherwise."""


def call_api(
    owner: str,
    state_id: str,
    action: str,
    fixed: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    pattern: Pattern = "",
    timeout_seconds: int | None = CALL_SECONDS,
    in_jsonpath: Mapping[str, Any] | None = None,
) -> Task:
    """Make the state that calls an API with the `fixed` parameters and what was `given`.

    `in_jsonpath` holds the parameters as JSONPath has them, where they differ (`Payload.$`).
    Raises `DefinitionError` for a parameter that is fixed already, and for what AWS's model of the
    API does not know.
    """
    parameters = {name: value for name, value in given.items() if name[:1].isupper()}
    fields = {name: value for name, value in given.items() if name not in parameters}
    for name in parameters:
        if name in fixed:
            raise DefinitionError(
                f"state '{state_id}' ({find_line()}): {name} is set by {owner}. Remove it."
            )
    waits = pattern == ".waitForTaskToken"  # for a person, as long as that takes
    own = {"timeout_seconds", "timeout_seconds_path"} & fields.keys()
    if timeout_seconds and not waits and not own:
        fields["timeout_seconds"] = timeout_seconds
    arguments = {**fixed, **parameters}
    paths = {**(fixed if in_jsonpath is None else in_jsonpath), **parameters}
    return integrate(state_id, action, pattern=pattern, call=Call(arguments, paths), **fields)
