"""The stacks of the events workflow: functions, queues, a store of events, alarms and roles.

In go the arguments of `event_stacks` and a workflow's built sources, out come its templates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import carnation.stacks.troposphere_import  # noqa: F401  (before all that uses it)
from carnation.errors import UsageError, WorkflowError
from carnation.patterns.events.stacks.functions import list_variables
from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.patterns.events.stacks.substitutions import check_substitutions, list_substitutions
from carnation.patterns.events.stacks.template import LAYOUT, make_template
from carnation.stacks.by_kind import split_template
from carnation.stacks.resources import Function, Sources
from carnation.stacks.writing import list_sections

__all__ = ["Bucket", "Files", "Table", "event_stacks"]


def event_stacks(
    *,
    collect: Function,
    process: Function | None = None,
    store: Table | Bucket,
    files: Files | None = None,
) -> Callable[[Sources], dict[str, str]]:
    """Choose the stacks of a workflow that processes events: a root and six nested ones.

    `collect` gets the two queues, `process` the `store` of events; without `process`, a state has
    to write to the store itself. With `files`, a seventh stack holds the bucket that `collect`
    writes the file of a run to, for a distributed Map. What is returned renders the templates from
    a workflow's sources: path below `build/<workflow>/` to text. The keys of nested templates, code
    and definition carry their digests, so CloudFormation sees every change.
    Raises `UsageError` for arguments that do not go together, `WorkflowError` for a function that
    the workflow does not have, and `DefinitionError` for a definition that the stacks do not fit:
    a substitution they cannot give or give in vain, a task the role cannot allow, no timeout.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
    """
    _check_arguments(collect, process, store, files)
    functions = (collect,) if process is None else (collect, process)

    def render(sources: Sources) -> dict[str, str]:
        _check_packages(sources, functions)
        known = list_substitutions(functions, store, files)
        check_substitutions(sources, known)
        template = make_template(sources, functions, store, files, known)
        return split_template(list_sections(template), sources, LAYOUT)

    return render


def _check_arguments(
    collect: Function, process: Function | None, store: Table | Bucket, files: Files | None
) -> None:
    functions = {"collect": collect, **({} if process is None else {"process": process})}
    for argument, function in functions.items():
        if not isinstance(function, Function):
            raise UsageError(f"event_stacks: {argument}: expected a Function, got {function!r}.")
    if process is not None and collect.id == process.id:
        raise UsageError(
            f"event_stacks: collect and process are both '{collect.id}'; give two functions."
        )
    if not isinstance(store, (Table, Bucket)):
        raise UsageError(f"event_stacks: store: expected Table() or Bucket(), got {store!r}.")
    if files is not None and not isinstance(files, Files):
        raise UsageError(f"event_stacks: files: expected Files() or nothing, got {files!r}.")
    variables = list_variables(store, files)
    for function, given in zip(functions.values(), variables, strict=False):
        for name in function.environment:
            if name in given:
                raise UsageError(
                    f"function '{function.id}': its environment has {name}, which the stacks "
                    "give it. Choose another name."
                )


def _check_packages(sources: Sources, functions: Sequence[Function]) -> None:
    for function in functions:
        if function.id not in sources.packages:
            known = ", ".join(sources.packages) or "none"
            raise WorkflowError(
                f"the stacks of '{sources.workflow}' are for a function '{function.id}', which "
                f"is not among the workflow's functions ({known}). Add it to Workflow(functions=…)."
            )
