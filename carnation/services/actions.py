"""The actions of the AWS SDK, and what each needs."""

from __future__ import annotations

from functools import lru_cache

from carnation.services.apis import FILE, read_api
from carnation.services.packed_files import list_blocks
from carnation.services.shapes import find_parameters

_UNMODELED = {"appsync": ("graphql",)}  # Step Functions takes it; no model has it

_GONE = (
    "alexaforbusiness backupstorage codestar elasticinference elastictranscoder evidently "
    "finspacedata gamesparks honeycode iot1clickdevices iot1clickprojects iotanalytics iotevents "
    "iotfleethub lookoutmetrics lookoutvision macie mobile nimble opsworks opsworkscm panorama "
    "privatenetworks qldb qldbsession robomaker simspaceweaver sms worklink"
)
"""Services that AWS has ended, so that no model has them any more; definitions may name them."""


def find_action(service: str, action: str) -> tuple[str, ...] | None:
    """Return the parameters that an action needs; None if its service has no such action.

    Of a service that is not known here (newer than the file, or gone) every action is believed.

    >>> find_action("sfn", "sendTaskSuccess")
    ('Output', 'TaskToken')
    >>> find_action("s3", "getobject") is None, find_action("tomorrow", "invoke")
    (True, ())
    """
    if read_api(service) is None or action in _UNMODELED.get(service, ()):
        return ()
    parameters = find_parameters(service, action)
    return tuple(sorted(parameters.required)) if parameters else None


@lru_cache(maxsize=1)
def list_services() -> tuple[str, ...]:
    """List the services of the SDK, those that AWS has ended at the end.

    >>> "sqs" in list_services()
    True
    """
    return tuple(dict.fromkeys([*_UNMODELED, *list_blocks(FILE), *_GONE.split()]))


def list_actions(service: str) -> tuple[str, ...]:
    """List the actions of a service; none if it is not known here.

    >>> "getObject" in list_actions("s3")
    True
    """
    api = read_api(service)
    return (*_UNMODELED.get(service, ()), *api.actions) if api else ()
