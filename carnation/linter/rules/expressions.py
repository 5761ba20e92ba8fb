"""Refusals about expressions: paths, reference paths, intrinsic functions, JSONata."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from carnation.asl.expressions import parse_path, parse_reference_path
from carnation.asl.graph import Problem
from carnation.asl.kinds import is_placeholder
from carnation.document import split_pointer
from carnation.errors import ExpressionError
from carnation.lazy import TYPE_CHECKING, re
from carnation.linter.expression_sites import ExpressionSite, list_expressions, read_expression
from carnation.linter.findings import WARNING, refusal, risk
from carnation.linter.machine import Machine

if TYPE_CHECKING:
    from carnation.asl.expressions import Jsonata, Path

_CALL = "States."
_QUOTED = r"'[^']*'|\"[^\"]*\""
_IN_CONTEXT = ("ItemsPath", "ErrorPath", "CausePath")


@refusal("invalid-path")
def find_bad_paths(machine: Machine) -> Iterator[Problem]:
    """A path is not a valid JSONPath.

    Problem: AWS parses `InputPath`, `OutputPath`, `Variable` and the values behind keys that end in
    `.$` when the state machine is made; a text, a number or a broken path is rejected.
    Solution: start with `$` (the input), `$$` (the context object) or `$name` (a variable); write
    odd names as `['the name']`. For a plain value take the `.$` off its key.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
    """
    for use in list_expressions(machine):
        if use.kind == "path" or (use.kind == "template" and not _is_call(use.value)):
            problem = _parse(use, reference=False) or _find_stray_dot(use)
            if problem:
                yield use.part.problem(problem, use.inner)


@refusal("invalid-reference-path")
def find_bad_references(machine: Machine) -> Iterator[Problem]:
    """A field that expects a reference path holds something else.

    Problem: `ResultPath`, `ItemsPath`, `SecondsPath` and their like name one place: names and
    indexes, no wildcards, slices or filters. Only `ItemsPath`, `ErrorPath` and `CausePath` may look
    into the context object, and `ResultPath` cannot name a variable.
    Solution: name one place, or pick the value in a Pass state before.
    Source: https://states-language.net/spec.html#reference-paths
    """
    for use in list_expressions(machine):
        if use.kind == "reference" or (use.kind == "either" and not _is_call(use.value)):
            problem = _parse(use, reference=True)
            if problem:
                yield use.part.problem(problem, use.inner)


def _find_stray_dot(use: ExpressionSite) -> str:
    """Say where a dot is before the bracket of a number, which AWS rejects in an ItemReader."""
    if use.part.place != "ItemReader":
        return ""
    bare = re.sub(_QUOTED, "''", use.value)
    found = re.search(r"\.\[\s*-?\d", bare)
    return f"in an ItemReader no '.' may be before '[': {use.value[:80]!r}" if found else ""


def _is_call(value: object) -> bool:
    return isinstance(value, str) and value.startswith(_CALL)


def _parse(use: ExpressionSite, *, reference: bool) -> str:
    if not isinstance(use.value, str):
        return f"'{use.inner.rpartition('/')[2]}' must be a path, got {type(use.value).__name__}"
    try:
        path = (parse_reference_path if reference else parse_path)(use.value)
    except ExpressionError as error:
        return _first_line(error)
    return _find_wrong_root(use.field, path) if reference else ""


def _find_wrong_root(field: str, path: Path) -> str:
    if path.is_context and field not in _IN_CONTEXT:
        return f"'{field}' cannot look into the context object ('$$')"
    if path.variable is not None and field == "ResultPath":
        return "'ResultPath' cannot name a variable; use 'Assign'"
    return ""


def _first_line(error: ExpressionError) -> str:
    return " ".join(str(error).split())[:300]


@refusal("invalid-intrinsic")
def find_bad_intrinsics(machine: Machine) -> Iterator[Problem]:
    """An intrinsic function does not exist, or is called as it cannot be.

    Problem: AWS parses `States.Format(…)` and its like when the state machine is made: name, number
    of arguments, quotes (single ones, with the escapes \\' \\{ \\} \\\\), brackets.
    Solution: fix the call at the column that the message names.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
    """
    for use in list_expressions(machine):
        if use.kind in ("template", "either") and _is_call(use.value):
            from carnation.asl.expressions import parse_intrinsic  # only who calls one pays

            try:
                parse_intrinsic(use.value)
            except ExpressionError as error:
                yield use.part.problem(_first_line(error), use.inner)


@refusal("repeated-payload-field")
def find_doubled_fields(machine: Machine) -> Iterator[Problem]:
    """A payload template has the same field twice: with `.$` and without.

    Problem: `name.$` gives the field `name`, and there is another `name`.
    Solution: keep one of the two.
    Source: https://states-language.net/spec.html#payload-template
    """
    seen = set()
    for use in list_expressions(machine):
        if use.kind != "template":
            continue
        outer, _, key = use.inner.rpartition("/")
        body: object = use.part.body
        if (id(use.part), outer, key) in seen:
            continue
        seen.add((id(use.part), outer, key))
        for name in split_pointer(outer):
            body = _step(body, name)
        if isinstance(body, dict) and key.removesuffix(".$") in body:
            yield use.part.problem(f"'{key}' and '{key[:-2]}' set the same field", use.inner)


def _step(body: object, name: str) -> object:
    if isinstance(body, list):
        return body[int(name)]
    return body[name] if isinstance(body, dict) else None


@refusal("unbalanced-jsonata", "INVALID_JSONATA_EXPRESSION")
def find_unbalanced(machine: Machine) -> Iterator[Problem]:
    """A text begins with `{%` and does not end with `%}`, or the other way round.

    Problem: an expression fills its whole text; AWS rejects one that is opened and not closed.
    Solution: write `{% … %}` around the whole text, without blanks outside.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for use in list_expressions(machine):
        if use.kind == "jsonata" and use.value.startswith("{%") != use.value.endswith("%}"):
            yield use.part.problem("the text has one of '{%' and '%}' only", use.inner)


@lru_cache(maxsize=1)  # five rules ask, one machine after the other
def list_jsonata(machine: Machine) -> list[tuple[ExpressionSite, Jsonata]]:
    """List the JSONata expressions that can be parsed."""
    sites = [use for use in list_expressions(machine) if use.kind == "jsonata"]
    if not sites or not has_jsonata():
        return []
    from carnation.asl.expressions import parse_jsonata  # only who writes JSONata pays

    found = []
    for use in sites:
        text = read_expression(use.value)
        if text is not None and not is_placeholder(text):
            with suppress(ExpressionError):  # `invalid-jsonata` says so
                found.append((use, parse_jsonata(text)))
    return found


def has_jsonata() -> bool:
    """Tell whether JSONata can be parsed here: its library is an extra."""
    if "jsonata" in sys.modules:
        return sys.modules["jsonata"] is not None
    return _find_jsonata()


@lru_cache(maxsize=1)
def _find_jsonata() -> bool:
    from importlib.util import find_spec  # only who writes JSONata pays

    return find_spec("jsonata") is not None


@refusal("invalid-jsonata", "INVALID_JSONATA_EXPRESSION")
def find_bad_jsonata(machine: Machine) -> Iterator[Problem]:
    """A JSONata expression cannot be parsed.

    Problem: AWS parses every `{% … %}` when the state machine is made.
    Solution: fix the expression at the column that the message names; a program that tries it out
    is at https://try.jsonata.org.
    Source: https://docs.jsonata.org/overview
    """
    for use in list_expressions(machine):
        text = read_expression(use.value) if use.kind == "jsonata" else None
        if text is None or is_placeholder(text) or not has_jsonata():
            continue
        from carnation.asl.expressions import parse_jsonata  # only who writes JSONata pays

        try:
            parse_jsonata(text)
        except ExpressionError as error:
            yield use.part.problem(_first_line(error), use.inner)


@risk("jsonata-not-checked", WARNING)
def find_unchecked(machine: Machine) -> Iterator[Problem]:
    """The definition holds JSONata, and the library that parses it is not installed.

    Problem: nothing has been said about the expressions of this definition.
    Solution: pip install 'carnation[jsonata]'.
    Source: https://pypi.org/project/jsonata-python/
    """
    if any(use.kind == "jsonata" for use in list_expressions(machine)) and not has_jsonata():
        yield Problem("", "JSONata was not checked: install 'carnation[jsonata]'")


@refusal("unsupported-jsonata-reference", "UNSUPPORTED_JSONATA_EXPRESSION")
def find_unsupported_references(machine: Machine) -> Iterator[Problem]:
    """A JSONata expression refers to what Step Functions does not have.

    Problem: an expression has no input at the top level: a bare name (`orders`), `$` and `$$`
    refer to nothing, and AWS rejects them; behind a step of a path, in a predicate, a sort, a
    group-by or a transform they look at the value there. `$states.errorOutput` exists in a catcher
    only, `$states.result` in the `Assign` and `Output` of a state that has a result.
    Solution: write `$states.input.orders`; use `$states.errorOutput` in the `Assign` or `Output` of
    a catcher.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    """
    for use, expression in list_jsonata(machine):
        for message in _find_unsupported(use, expression):
            yield use.part.problem(message, use.inner)


def _find_unsupported(use: ExpressionSite, expression: Jsonata) -> Iterator[str]:
    uses = expression.uses
    for name, column in {field.name: field for field in reversed(uses.fields)}.values():
        yield _describe_field(expression.text, name, column)
    for _, column in uses.contexts[:1]:
        yield f"'$' (column {column}) is at the top level, where no value is; write '$states.input'"
    if any(found.name == "$" for found in uses.variables):
        yield "'$$' is not supported; write '$states.input'"
    roots = {found.path[0] for found in uses.states if found.path}
    if use.part.place != "Catcher" and "errorOutput" in roots:
        yield "'$states.errorOutput' exists in a catcher only"
    if "result" in roots and not _has_result(use):
        yield "'$states.result' exists in the 'Assign' and 'Output' of Task, Map, Parallel only"


def _describe_field(text: str, name: str, column: int) -> str:
    called = re.match(r"States\s*\.\s*(\w+)", text[column - 1 :])
    if called:
        meant = _INSTEAD.get(called[1], "a function of JSONata")
        return (
            f"'States.{called[1]}' (column {column}) is an intrinsic function of JSONPath; "
            f"in JSONata write {meant}"
        )
    return (
        f"'{name}' (column {column}) is at the top level, where no value is; "
        f"write '$states.input.{name}'"
    )


def _has_result(use: ExpressionSite) -> bool:
    if use.part.place == "Catcher":
        return True  # AWS accepts it there, though nothing is in it
    return use.part.place in ("Task", "Map", "Parallel") and use.field in ("Assign", "Output")


_INSTEAD = {
    "Array": "'[a, b]'",
    "ArrayContains": "'value in array'",
    "ArrayGetItem": "'array[index]'",
    "ArrayLength": "'$count(array)'",
    "ArrayPartition": "'$partition(array, size)'",
    "ArrayRange": "'$range(first, last, step)'",
    "ArrayUnique": "'$distinct(array)'",
    "Base64Decode": "'$base64decode(text)'",
    "Base64Encode": "'$base64encode(text)'",
    "Format": "'a & b'",
    "Hash": "'$hash(data, algorithm)'",
    "JsonMerge": "'$merge([a, b])'",
    "JsonToString": "'$string(value)'",
    "MathAdd": "'a + b'",
    "MathRandom": "'$random()'",
    "StringSplit": "'$split(text, separator)'",
    "StringToJson": "'$parse(text)'",
    "UUID": "'$uuid()'",
}
"""What JSONata has for each intrinsic function."""
