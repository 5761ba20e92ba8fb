"""Targets of an estimate: a state machine in a file, or a built one, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl import walk_states
from carnation.errors import UsageError
from carnation.estimates.built_workflow import read_built
from carnation.estimates.models import Facts
from carnation.estimates.samples import sample_schema
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.services.task_calls import read_call
from carnation.sources import STDIN, Source, is_in_file, read_target, reject_target, split_target

if TYPE_CHECKING:
    from typing import Any


class Target(NamedTuple):
    """What is estimated, and what is known of it.

    `declared` are JSON schemas of its input and results, `defaults` the values of substitutions,
    `memories` (MB) those of functions by logical ID; `arm` says that all of them run on arm64.
    """

    name: str
    definition: Mapping[str, Any]
    type: str = "STANDARD"
    declared: Mapping[str, Any] = {}
    defaults: Mapping[str, str] = {}
    memories: Mapping[str, int] = {}
    arm: bool = False

    @classmethod
    def from_source(cls, found: Source) -> Target:
        """Make a target of a state machine in a file, with what its template says of it."""
        value = found.value if found.unfilled is None else found.unfilled  # --set comes first
        return cls(found.name, value, found.type or "STANDARD", {}, _list_defaults(found))


def find_target(target: str) -> Target:
    """Read a definition from a file, or a built workflow by its name.

    Raises `UsageError` where there is none, or more than one.
    """
    if target != STDIN and not is_in_file(target):
        built = read_built(target)
        if built is None:
            reject_target(target)
        return Target(target, *built)
    reading = read_target(target)
    if len(reading.sources) != 1:
        file = split_target(target)[0]
        names = ", ".join(f"{file}#{one.name}" for one in reading.sources)
        raise UsageError(
            f"{target} holds {len(reading.sources)} state machines. Name one of them: {names}"
        )
    return Target.from_source(reading.sources[0])


def _list_defaults(source: Source) -> dict[str, str]:
    """List what the template gives a text or a number: as such, or as a parameter's default."""
    declared = (source.template or {}).get("Parameters") or {}
    found = {**source.defaults}
    for name, value in source.substitutions.items():
        named = value.get("Ref") if isinstance(value, Mapping) else None
        body = declared.get(named) if isinstance(named, str) else None
        found[name] = body.get("Default") if isinstance(body, Mapping) else value
    return {
        name: str(value)
        for name, value in found.items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool)
    }


def derive_facts(target: Target) -> Facts:
    """Derive what is known of a target: samples of declared schemas, its functions' memory."""
    declared = target.declared
    return Facts(
        given=sample_schema(declared["input"]) if "input" in declared else None,
        results={name: sample_schema(one) for name, one in declared.get("results", {}).items()},
        memories=dict(_find_memories(target)),
        substitutions=target.defaults,
        express=target.type == "EXPRESS",
        arm=target.arm,
    )


def _find_memories(target: Target) -> Iterator[tuple[str, int]]:
    """Yield the memory of the function that a state invokes: `${PayFunction}` is `PayFunction`."""
    for place in walk_states(target.definition) if target.memories else ():
        given = read_call(place.body).given
        named = given.get("FunctionName") if isinstance(given, Mapping) else None
        title = str(named or place.body.get("Resource", "")).strip("${}")
        if title in target.memories:
            yield place.name, target.memories[title]
