"""The actions of the AWS SDK, and what each needs."""

from __future__ import annotations

from carnation.services.apis import read_api
from carnation.services.shapes import find_parameters

_UNMODELLED = {"appsync": ("graphql",)}  # Step Functions takes it; no model has it


def find_action(service: str, action: str) -> tuple[str, ...] | None:
    """Give the parameters that an action needs; None if its service has no such action.

    Of a service that is not known here (newer than the file, or gone) every action is believed.

    >>> find_action("sfn", "sendTaskSuccess")
    ('Output', 'TaskToken')
    >>> find_action("s3", "getobject") is None, find_action("tomorrow", "invoke")
    (True, ())
    """
    if read_api(service) is None or action in _UNMODELLED.get(service, ()):
        return ()
    parameters = find_parameters(service, action)
    return tuple(sorted(parameters.required)) if parameters else None


def list_actions(service: str) -> tuple[str, ...]:
    """List the actions of a service; none if it is not known here.

    >>> "getObject" in list_actions("s3")
    True
    """
    api = read_api(service)
    return (*_UNMODELLED.get(service, ()), *api.actions) if api else ()
