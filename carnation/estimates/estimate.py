"""An estimate as one call: `carnation estimate` prints what it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carnation.asl import walk_states
from carnation.errors import UsageError, suggest_name
from carnation.estimates.metrics import Estimate, LimitExceeded, find_breaks, find_figures
from carnation.estimates.models import Child, Model, make_model
from carnation.estimates.targets import Target, derive_facts, find_target
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.services.limits import MAX_MEMORY, MIN_MEMORY

if TYPE_CHECKING:
    from typing import Any

SIZES = (100, 1000, 10_000, 100_000)


class Estimates(NamedTuple):
    """What a definition takes at several sizes, and the limits that break, the first one first."""

    name: str
    model: Model
    sizes: Sequence[int]

    @property
    def rows(self) -> list[Estimate]:
        """One estimate for each size."""
        return [find_figures(self.model, size) for size in self.sizes]

    @property
    def limits(self) -> list[LimitExceeded]:
        """The limits that are exceeded as the input grows."""
        return find_breaks(self.model)


def estimate(
    target: str | Target,
    sizes: Sequence[int] = SIZES,
    *,
    results: Mapping[str, Any] | None = None,
    substitutions: Mapping[str, str] | None = None,
    children: Mapping[str, str | Child] | None = None,
    **facts: Any,
) -> Estimates:
    """Estimate what a definition takes at several sizes of its input.

    `facts` are fields of `Facts` (`given`, `fail=0.01`, `memory=256` …) instead of what is known of
    the target; `results` and `substitutions` are added to it, `children` says which machines states
    start. Raises `UsageError` for what cannot be.
    """
    if results is not None and not isinstance(results, Mapping):
        raise UsageError('--results must be an object: {"State": result of its task}')
    opened = find_target(target) if isinstance(target, str) else target
    known = derive_facts(opened)
    if "memory" in facts:
        _check_memory(facts["memory"])
        facts.setdefault("memories", {})
    model = make_model(
        opened.definition,
        known._replace(
            results={**known.results, **(results or {})},
            substitutions={**known.substitutions, **(substitutions or {})},
            children=_open_children(children or {}, opened),
            **facts,
        ),
    )
    return Estimates(opened.name, model, sizes)


def _check_memory(given: int) -> None:
    """Reject what Lambda refuses."""
    if not MIN_MEMORY <= given <= MAX_MEMORY:
        raise UsageError(f"--memory {given}: a function has {MIN_MEMORY} to {MAX_MEMORY} MB")


def _open_children(children: Mapping[str, str | Child], target: Target) -> dict[str, Child]:
    states = [place.name for place in walk_states(target.definition)] if children else []
    for name in children:
        if name not in states:
            raise UsageError(f"--child: state '{name}' not found.{suggest_name(name, states)}")
    return {
        name: child if isinstance(child, Child) else _open_child(child)
        for name, child in children.items()
    }


def _open_child(text: str) -> Child:
    """Open `FILE` or `FILE:EXPRESS`."""
    found = find_target(text.removesuffix(":EXPRESS"))
    return Child(found.definition, text.endswith(":EXPRESS") or found.type == "EXPRESS")
