"""Spellings: expressions that say the same in other characters."""

from __future__ import annotations

from collections.abc import Collection

from carnation.asl.expressions import Intrinsic, Path, parse_intrinsic, parse_path
from carnation.asl.expressions.intrinsics import Literal
from carnation.asl.expressions.path_grammar import Step
from carnation.errors import CarnationError
from carnation.lazy import compile_lazily, re

_SPACE = compile_lazily(r"""(?s)("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|/\*.*?\*/|\s+""")


def is_spelling(before: object, after: object) -> bool:
    r"""Return whether two texts are the same path, intrinsic function or JSONata.

    >>> is_spelling("$.a", "$['a']"), is_spelling("{% $x + 1 %}", "{%$x+1%}")
    (True, True)
    >>> is_spelling("$.a", "$.b"), is_spelling("a", "a ")
    (False, False)
    """
    if not (isinstance(before, str) and isinstance(after, str)):
        return False
    if before.startswith("{%") and after.startswith("{%"):
        one, other = (_drop_space(text) for text in (before, after))
        return one is not None and one == other
    for start in ("$", "States."):
        if before.startswith(start) and after.startswith(start):
            return _parse(before) == _parse(after)
    return False


def _drop_space(text: str) -> str | None:
    """Drop what separates nothing in JSONata; None where a slash may begin a pattern."""

    def replace(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        left, right = text[: found.start()][-1:], text[found.end() :][:1]
        return " " if re.fullmatch(r"[\w$][\w$]", left + right) else ""

    plain = _SPACE.sub(lambda found: "" if not found[1] else "''", text)
    return None if "/" in plain else _SPACE.sub(replace, text)


def _parse(text: str) -> str:
    """Write an expression in one way; itself where it cannot be parsed."""
    try:
        if text.startswith("States."):
            return _render(parse_intrinsic(text))
        return _render(parse_path(text))
    except CarnationError:
        return text


def _render(value: Literal | Path | Intrinsic) -> str:
    if isinstance(value, Intrinsic):
        return f"{value.name}({', '.join(map(_render, value.arguments))})"
    if isinstance(value, Path):
        return value.root + _render_steps(value.steps)
    return repr(value.value)


def _render_steps(steps: Collection[Step]) -> str:
    """Write steps in one way, whatever columns they are in."""
    parts = (
        _render_steps([step.value]) if isinstance(step.value, Step) else repr(step.value)
        for step in steps
    )
    return "".join(f"/{step.kind} {part}" for step, part in zip(steps, parts, strict=True))
