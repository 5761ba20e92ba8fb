"""Policies: for each definition in a file the least policy that its role needs, with reasons."""

from __future__ import annotations

import os

from carnation.document import read_document
from carnation.document.values import Json
from carnation.errors import UsageError
from carnation.lazy import json
from carnation.linter.sources import is_definition, open_targets
from carnation.permissions.placeholders import render_names
from carnation.permissions.reports import report_policy


def report_policies(target: str) -> list[dict[str, Json]]:
    """Report the policies of the definitions in a file, a folder or a built workflow.

    Raises `UsageError` where there is not a definition that can be read.
    """
    opened = open_targets([target])
    policies: list[dict[str, Json]] = []
    for source in opened.sources:
        for one in source.list_deployed():
            found = is_definition(one.value) and report_policy(one.value, one.where, one.properties)
            policies += [found] if found and found not in policies else []
    if not policies:
        unread = [*(one.message for one in opened.findings), *(one.why for one in opened.unseen)]
        why = unread[0].rstrip(".") if unread else "it contains no state machine definition"
        raise UsageError(f"{target}: {why}. Name a file with a state machine.")
    return policies


def render_policy(target: str, names: str) -> Json:
    """Return the one policy of a target, its names spelled for the tool that deploys it.

    A definition that was built has its policy next to it, with what the workflow grants. Raises
    `UsageError` where there is not exactly one definition.
    """
    found = [one for one in open_targets([target]).sources if is_definition(one.value)]
    if len(found) != 1:
        raise UsageError(f"{target}: {len(found)} definitions; --names requires a file with one.")
    (source,) = found
    beside = source.where.removesuffix(".asl.json") + ".policy.json"
    if os.path.isfile(beside):
        policy = read_document(beside).value
    else:
        policy = report_policy(source.value, source.where, source.properties)["policy"]
    return render_names(policy, names, source.substitutions)


def render_policies(target: str, names: str | None = None) -> str:
    """Write the policies of a target as JSON; with `names`, the one policy document alone."""
    if names:
        return json.dumps(render_policy(target, names), indent=2, ensure_ascii=False) + "\n"
    policies = {"policies": report_policies(target)}
    return json.dumps(policies, indent=2, ensure_ascii=False) + "\n"
