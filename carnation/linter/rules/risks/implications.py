"""Rules of a Choice as logic: when one holds whenever another does, and which cannot hold together.

A comparison says of which type its variable is, and within which bounds; strings and timestamps are
compared as they are written. What is not certain is taken for neither.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.asl.comparisons import COMPARISONS
from carnation.asl.graph import Node
from carnation.document.values import Json
from carnation.lazy import compile_lazily, re
from carnation.records import NamedTuple

_MAX_DEPTH = 24
_MAX_PAIRS = 500
_OPERATOR = compile_lazily(
    r"(String|Numeric|Timestamp)(Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals)\Z"
)
_TYPES = {"IsNumeric": "Numeric", "IsString": "String", "IsBoolean": "Boolean", "IsNull": "Null",
          "IsTimestamp": "Timestamp"}  # fmt: skip
_NOT_OF_RULES = ("Next", "Comment", "Assign", "Output")


class _Bounds(NamedTuple):
    """What a comparison with a literal says: a type, and the ends, each with whether it is in."""

    type: str
    low: Json
    has_low: bool
    high: Json
    has_high: bool


def bare_rule(rule: Node) -> dict[str, Json]:
    """Return what a rule asks, without what follows from it."""
    return {key: value for key, value in rule.body.items() if key not in _NOT_OF_RULES}


def implies(later: Json, earlier: Json) -> bool:
    """Return whether a rule surely holds wherever another one does.

    >>> implies({"Variable": "$.n", "NumericGreaterThan": 9},
    ...         {"Variable": "$.n", "NumericGreaterThan": 5})
    True
    """
    return later == earlier or _Implications().find(later, earlier, 0)


class _Implications:
    """The pairs of rules that were compared, so that each is once, however rules are nested."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def find(self, later: Json, earlier: Json, depth: int) -> bool:
        if depth > _MAX_DEPTH or not isinstance(later, Mapping) or not isinstance(earlier, Mapping):
            return False
        key = (id(later), id(earlier))
        if key not in self._known:
            self._known[key] = len(self._known) < _MAX_PAIRS and self._compare(
                later, earlier, depth + 1
            )
        return self._known[key]

    def _compare(self, later: Mapping[str, Json], earlier: Mapping[str, Json], depth: int) -> bool:
        joined, ways = _list(earlier, "And"), _list(earlier, "Or")
        if joined:
            return all(self.find(later, one, depth) for one in joined)
        if _list(later, "Or"):
            return all(self.find(one, earlier, depth) for one in _list(later, "Or"))
        if any(self.find(later, one, depth) for one in ways):
            return True
        if _list(later, "And"):
            return any(self.find(one, earlier, depth) for one in _list(later, "And"))
        if "Not" in later and "Not" in earlier:
            return self.find(earlier["Not"], later["Not"], depth)
        return _implies_simply(later, earlier)


def _list(rule: Mapping[str, Json], connective: str) -> list[Json]:
    rules = rule.get(connective)
    return rules if isinstance(rules, list) else []


def contradicts(left: Json, right: Json) -> bool:
    """Return whether two comparisons of one variable can never hold together.

    >>> contradicts({"Variable": "$.n", "NumericEquals": 1},
    ...             {"Variable": "$.n", "StringEquals": "1"})
    True
    """
    pair = _read_pair(left, right)
    if pair is None:
        return False
    return _excludes(*pair[0], *pair[1]) or _excludes(*pair[1], *pair[0])


def _read_pair(left: Json, right: Json) -> tuple[tuple[str, Json], tuple[str, Json]] | None:
    """Read two comparisons of the same variable; None if they are not such."""
    if not isinstance(left, Mapping) or not isinstance(right, Mapping):
        return None
    variable = left.get("Variable")
    if not isinstance(variable, str) or variable != right.get("Variable"):
        return None
    found = [[name for name in rule if name in COMPARISONS] for rule in (left, right)]
    if any(len(names) != 1 for names in found):
        return None
    (one,), (other,) = found
    return (one, left[one]), (other, right[other])


_ANYTHING = "\0"  # what only a `*` matches


def _implies_simply(later: Json, earlier: Json) -> bool:
    if later == earlier:
        return True
    pair = _read_pair(later, earlier)
    if pair is None:
        return False
    (name, value), (wanted, given) = pair
    if wanted == "IsPresent" and given is True:
        return (name, value) != ("IsPresent", False)
    if wanted in _TYPES:
        return (
            _type_of(name, value) == _TYPES[wanted]
            if given is True
            else _is_other(name, value, _TYPES[wanted])
        )
    if wanted == "StringMatches" and name == "StringEquals":
        return _matches(given, value)
    if wanted == "StringMatches" == name and isinstance(value, str) and "\\" not in value:
        return _matches(given, value.replace("*", _ANYTHING))
    inner, outer = _read_bounds(name, value), _read_bounds(wanted, given)
    return inner is not None and outer is not None and _is_within(inner, outer)


def _type_of(name: str, value: Json) -> str:
    """Return the type that a variable surely has where a comparison holds; '' if none."""
    if name in _TYPES:
        return _TYPES[name] if value is True else ""
    match = re.match("String|Numeric|Timestamp|Boolean", name)
    return match[0] if match else ""


def _is_other(name: str, value: Json, type: str) -> bool:
    """Return whether a comparison that holds says that its variable is not of a type."""
    if name in _TYPES and value is False:
        return _TYPES[name] == type
    own = _type_of(name, value)
    # a timestamp is a string, and a string may be a timestamp
    return own not in ("", type) and {own, type} != {"String", "Timestamp"}


def _excludes(name: str, value: Json, other: str, given: Json) -> bool:
    if name == "IsPresent" and value is False:
        return (other, given) != ("IsPresent", False)
    type = _type_of(name, value)
    if type and _is_other(other, given, type):
        return True
    if name == "BooleanEquals" == other:
        return isinstance(value, bool) and isinstance(given, bool) and value is not given
    if name == "StringMatches" and other == "StringEquals":
        return isinstance(value, str) and isinstance(given, str) and not _matches(value, given)
    one, two = _read_bounds(name, value), _read_bounds(other, given)
    return one is not None and two is not None and one.type == two.type and _is_apart(one, two)


def _matches(pattern: Json, text: Json) -> bool:
    """Return whether a text matches a pattern of `StringMatches`, where `*` represents any text."""
    if not isinstance(pattern, str) or not isinstance(text, str) or len(pattern) > 200:
        return False
    parts = [re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\)\*", pattern)]
    if len(parts) == 1:
        return text == parts[0]
    if not text.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - at >= len(parts[-1]) and text.endswith(parts[-1])


def _read_bounds(name: str, value: Json) -> _Bounds | None:
    match = _OPERATOR.match(name)
    wanted = (int, float) if name.startswith("Numeric") else str
    if match is None or isinstance(value, bool) or not isinstance(value, wanted):
        return None
    if isinstance(value, str) and (match[1] == "Timestamp" and not value.endswith("Z")):
        return None  # only timestamps in UTC are ordered as they are written
    low = value if not match[2].startswith("Less") else None
    high = value if not match[2].startswith("Greater") else None
    within = match[2].endswith("Equals")
    return _Bounds(match[1], low, within, high, within)


def _is_within(inner: _Bounds, outer: _Bounds) -> bool:
    if inner.type != outer.type:
        return False
    above = outer.low is None or (
        inner.low is not None
        and (
            inner.low > outer.low
            or (inner.low == outer.low and (outer.has_low or not inner.has_low))
        )
    )
    below = outer.high is None or (
        inner.high is not None
        and (
            inner.high < outer.high
            or (inner.high == outer.high and (outer.has_high or not inner.has_high))
        )
    )
    return above and below


def _is_apart(one: _Bounds, two: _Bounds) -> bool:
    return _is_below(one, two) or _is_below(two, one)


def _is_below(one: _Bounds, two: _Bounds) -> bool:
    if one.high is None or two.low is None:
        return False
    return bool(one.high < two.low or (one.high == two.low and not (one.has_high and two.has_low)))
