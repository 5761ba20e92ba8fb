"""Facts about AWS: which integrations exist, what their actions take and give, what updates do.

Enters: names of services, actions, errors, Regions.
Leaves: facts of AWS as data, each with its source.
May not know: every other room but `errors`.
"""

from carnation.lazy import TYPE_CHECKING, load_lazily

if TYPE_CHECKING:
    from carnation.services.actions import find_action, list_actions, list_services
    from carnation.services.call_names import check_name
    from carnation.services.calls import check_call, check_connector
    from carnation.services.errors import STATES_ERRORS, find_errors, find_prefix
    from carnation.services.integrations import INTEGRATIONS
    from carnation.services.optimized import find_task_parameters, find_task_result
    from carnation.services.shapes import Shape, find_parameters, find_result

__all__ = [
    "INTEGRATIONS",
    "STATES_ERRORS",
    "Shape",
    "check_call",
    "check_connector",
    "check_name",
    "find_action",
    "find_errors",
    "find_parameters",
    "find_prefix",
    "find_result",
    "find_task_parameters",
    "find_task_result",
    "list_actions",
    "list_services",
]

# a comparison of two files needs none of the tables
__getattr__ = load_lazily(
    __name__,
    {
        "INTEGRATIONS": "integrations",
        "STATES_ERRORS": "errors",
        "Shape": "shapes",
        "check_call": "calls",
        "check_connector": "calls",
        "check_name": "call_names",
        "find_action": "actions",
        "find_errors": "errors",
        "find_prefix": "errors",
        "find_parameters": "shapes",
        "find_result": "shapes",
        "find_task_parameters": "optimized",
        "find_task_result": "optimized",
        "list_actions": "actions",
        "list_services": "actions",
    },
)
