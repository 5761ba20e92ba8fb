"""What the stacks give a definition for its `${…}`, and what each means when a role is made.

A role compares ARNs, and ARNs are made of names; so each substitution has two readings, the value
that CloudFormation puts in and the ARN or name that the permissions are derived from. What the
stacks cannot give, or give in vain, is an error here, while building.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from troposphere import Ref

from carnation.cloudformation.substitutions import find_substitutions
from carnation.errors import DefinitionError, suggest_name
from carnation.patterns.events.stacks.files import render_files
from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.patterns.events.stacks.stores import render_store
from carnation.stacks.machine_role import Substitution
from carnation.stacks.resources import Function, Sources
from carnation.stacks.snippets import render_arn


def list_substitutions(
    functions: Sequence[Function], store: Table | Bucket, files: Files | None = None
) -> dict[str, Substitution]:
    """List the substitutions that the stacks give a definition, by name.

    >>> list(list_substitutions([Function("process_event", "")], Table()))
    ['Partition', 'MaxConcurrency', 'TableName', 'QueueUrl', 'DeadLetterQueueUrl',
     'ProcessEventFunction']
    """
    given = [
        Substitution("Partition", Ref("AWS::Partition"), "${AWS::Partition}", True),
        Substitution("MaxConcurrency", Ref("MaxConcurrency"), "", True),
        # without a second function, a state has to write to the store
        Substitution(store.output, Ref(store.resource), render_store(store), len(functions) > 1),
        *([Substitution(files.output, Ref(files.resource), render_files())] if files else []),
        Substitution("QueueUrl", Ref("Queue"), render_arn("sqs", "@queue")),
        Substitution(
            "DeadLetterQueueUrl", Ref("DeadLetterQueue"), render_arn("sqs", "@dead-letters")
        ),
        *map(_version_substitution, functions),
    ]
    return {one.name: one for one in given}


def _version_substitution(function: Function) -> Substitution:
    """Return a function's version; executions in flight go on with older ones, so none is named."""
    version = Ref(f"{function.title}Version")
    versions = render_arn("lambda", f"function:@{function.name_part}:*")
    return Substitution(f"{function.title}Function", version, versions)


def check_substitutions(sources: Sources, known: Mapping[str, Substitution]) -> None:
    """Reject a definition with a `${…}` that no stack gives, or without one that a stack is for."""
    used = find_substitutions(sources.definition)
    for name in used:
        if name not in known:
            raise DefinitionError(
                f"the definition of '{sources.workflow}' uses ${{{name}}}, which its stacks do "
                f"not define.{suggest_name(name, list(known))} Defined: {', '.join(known)}."
            )
    for name, one in known.items():
        if name not in used and not one.is_optional:
            raise DefinitionError(
                f"the definition of '{sources.workflow}' never uses ${{{name}}}, for which its "
                f"stacks create a resource. Use it in a state, or write stacks without it."
            )
