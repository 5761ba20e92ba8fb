"""Stacks: the CloudFormation templates of a workflow, by troposphere, which no other room knows."""

from __future__ import annotations

from collections.abc import Callable

from carnation.stacks import door  # noqa: F401  (the lean door comes before everything behind it)
from carnation.stacks.alarms import make_alarm_stack
from carnation.stacks.functions import make_function_stack
from carnation.stacks.nouns import Bucket, Function, Package, Sources, Table
from carnation.stacks.parts import write_template
from carnation.stacks.queues import make_queue_stack
from carnation.stacks.roles import make_role_stack
from carnation.stacks.root import make_root_stack
from carnation.stacks.stores import make_store_stack
from carnation.stacks.topic import make_topic_stack

__all__ = ["Bucket", "Function", "Package", "Sources", "Table", "event_stacks"]


def event_stacks(
    *, collect: Function, process: Function, store: Table | Bucket
) -> Callable[[Sources], dict[str, str]]:
    """Choose the stacks of a workflow that processes events: a root and six nested ones.

    `collect` gets the two queues, `process` the `store` of events. What is returned renders the
    templates from a workflow's sources: path below `build/<workflow>/` to text. The keys of nested
    templates, code and definition carry their digests, so CloudFormation sees every change.
    Raises `DefinitionError` for a substitution in the definition that the stacks cannot give.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
    """

    def render(sources: Sources) -> dict[str, str]:
        definition, functions = sources.definition, (collect, process)
        templates = {
            "cloudwatch": make_alarm_stack(functions),
            store.stack: make_store_stack(store),
            "iam-role": make_role_stack(definition, collect, process, store),
            "lambda-function": make_function_stack(sources, collect, process, store),
            "sns": make_topic_stack(),
            "sqs": make_queue_stack(definition),
        }
        nested = {
            f"cft/nested-stacks/{name}-stack.yaml": write_template(template)
            for name, template in templates.items()
        }
        root = write_template(make_root_stack(sources, nested, functions, store))
        return {f"cft/{sources.workflow}-root-stack.yaml": root, **nested}

    return render
