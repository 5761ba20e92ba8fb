"""Policies as templates have them: the state machine's, and what functions are granted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from carnation.permissions import RequiredAction, group_needs, render_policy
from carnation.resources.grants import Grant
from carnation.resources.policy import KEY_MARKER, SERVICES, list_machine_needs
from carnation.stacks.rendering import Rendering
from carnation.stacks.snippets import Statement, use_key


def list_machine_statements(rendering: Rendering) -> list[Statement]:
    """List the statements of the state machine's role, as a template has them."""
    sources = rendering.sources
    needs = list_machine_needs(
        rendering.application, sources.definition, named=True, find_source=sources.find_source
    )
    return list(_render(rendering, needs))


def list_granted(rendering: Rendering, grants: Sequence[Grant]) -> list[Statement]:
    """List the statements of a function's role for what it uses."""
    needs = [
        RequiredAction(action, resource, "", grant.because, grant.condition)
        for grant in grants
        for resource in grant.resources
        for action in grant.actions
    ]
    return list(_render(rendering, needs))


def _render(rendering: Rendering, needs: Sequence[RequiredAction]) -> Iterator[Statement]:
    for statement in render_policy(group_needs(needs))["Statement"]:
        actions = statement["Action"]
        resources = [_render_text(rendering, text) for text in statement["Resource"]]
        rendered = {
            "Sid": statement["Sid"],
            "Effect": "Allow",
            "Action": actions[0] if len(actions) == 1 else actions,
            "Resource": resources[0] if len(resources) == 1 else resources,
        }
        if "Condition" in statement:
            rendered["Condition"] = {
                operator: {key: rendering.render(value) for key, value in tests.items()}
                for operator, tests in statement["Condition"].items()
            }
        yield rendered


def _render_text(rendering: Rendering, text: str) -> Any:
    return rendering.key if text == KEY_MARKER else rendering.render(text)


def use_keys(rendering: Rendering, grants: Sequence[Grant]) -> list[Statement]:
    """Allow the key behind what is used, through the service that uses it for its caller."""
    if rendering.key is None:
        return []
    actions: dict[str, set[str]] = {}
    for grant in grants:
        for action in grant.actions:
            service, _, name = action.partition(":")
            if service in SERVICES:
                actions.setdefault(service, set()).add(name)
    return [
        use_key(service, *(_BOTH if names & _WRITING else _BOTH[:1]), key=rendering.key)
        for service, names in sorted(actions.items())
    ]


_BOTH = ("kms:Decrypt", "kms:GenerateDataKey")
_WRITING = {"Publish", "PutObject", "SendMessage", "PutSecretValue"}
