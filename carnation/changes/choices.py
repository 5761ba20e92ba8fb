"""The rules of a Choice: which were added, removed or swapped, and which now say the opposite.

The first rule that holds counts, and the Default if none does.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from carnation.changes.context import (
    StatePair,
    describe_comment,
    has_objects,
    is_reordered,
    match_objects,
)
from carnation.changes.records import Change, render_value
from carnation.changes.transitions import find_target_changes
from carnation.changes.wording import quote, quote_target, shorten
from carnation.document.values import Json


def find_choice_changes(sides: StatePair) -> Iterator[Change]:
    """Yield what has become of a Choice state's rules and its Default."""
    old, new = sides.old.get("Choices", []), sides.new.get("Choices", [])
    if not has_objects(old) or not has_objects(new):
        yield from (sides.describe(edit, "choice-changed") for edit in sides.find_edits("Choices"))
    else:
        pairs, removed, added = match_objects(old, new, ("Next", "Comment"))
        inverted = _find_inversion(sides, pairs)
        if inverted is not None:
            yield inverted
            return
        for i in removed:
            target = quote_target(old[i].get("Next"))
            sentence = f"no longer continues to {target} if {_format_rule(old[i])}"
            yield sides.remove("transition-removed", "Choices", i, sentence)
        for i, j in pairs:
            yield from _compare_rules(sides.enter("Choices", i, j))
        for j in added:
            sentence = (
                f"now continues to {quote_target(new[j].get('Next'))} if {_format_rule(new[j])}"
            )
            yield sides.add("transition-added", "Choices", j, sentence)
        if is_reordered(pairs):
            sentence = _format_order(new, pairs)
            at = f"{sides.new_at}/Choices"
            yield Change("choice-changed", at, sides.subject, sentence, old, new)
    yield from find_target_changes(sides, "Default", "by default continues to")


def _find_inversion(sides: StatePair, pairs: list[tuple[int, int]]) -> Change | None:
    """Tell of a Choice with one rule, and nothing changed but that it says the opposite."""
    if not len(pairs) == len(sides.old["Choices"]) == len(sides.new["Choices"]) == 1:
        return None
    old, new = sides.old["Choices"][0], sides.new["Choices"][0]
    ways = [[rule.get("Next"), side.get("Default")] for rule, side in
            ((old, sides.old), (new, sides.new))]  # fmt: skip
    before, after = [sides.rename(str(name)) for name in ways[0]], [str(name) for name in ways[1]]
    one, two = find_polarity(old), find_polarity(new)
    is_swapped, is_opposite = before[0] != before[1] and before == after[::-1], False
    if one is not None and two is not None:
        is_opposite = one[0] == two[0] and one[1] is not two[1]
    is_kept = is_opposite or _drop_way(old) == _drop_way(new)
    if not is_kept or not (is_swapped or (is_opposite and before == after)):
        return None
    at, rule = f"{sides.new_at}/Choices/0", _quote_rule(new)
    if is_swapped and is_opposite:
        sentence = f"its rule is now {rule}, with both ways swapped: every input goes as before"
        return Change("choice-respelled", at, sides.subject, sentence, old, new)
    first, rest = quote_target(new.get("Next")), quote_target(sides.new.get("Default"))
    was, otherwise = map(quote_target, ways[0])
    sentence = (
        f"is inverted: with {rule} it continues to {first}, else to {rest}; before, "
        f"with {_quote_rule(old)} to {was}, else to {otherwise}"
    )
    return Change("choice-inverted", at, sides.subject, sentence, old, new)


def _quote_rule(rule: Mapping[str, Json]) -> str:
    """Quote a rule as JSON does: the texts that it compares with are quoted, too."""
    return quote(_format_rule(rule), 80)


def _drop_way(rule: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in rule.items() if key not in ("Next", "Comment")}


_OPPOSITES = (("LessThan", "GreaterThanEquals"), ("GreaterThan", "LessThanEquals"))
_SIGNS = {"!=": ("=", False), ">=": ("<", False), "<=": (">", False)}
_COMPARISON = re.compile(r"([^<>=!]+?)\s*(<=|>=|!=|=|<|>)\s*([^<>=!]+)")
_NOT = re.compile(r"\$not\(([^()]*(?:\([^()]*\)[^()]*)*)\)")


def find_polarity(rule: Mapping[str, Json]) -> tuple[str, bool] | None:
    """Return a condition without its negations, and whether it holds where that does.

    None of a rule that does more than go on, or that is not shaped like one.

    >>> find_polarity({"Variable": "$.n", "NumericGreaterThanEquals": 3, "Next": "A"})
    ('$.n NumericLessThan 3', False)
    >>> find_polarity({"Condition": "{% $not($states.input.ok) %}", "Next": "A"})
    ('$states.input.ok', False)
    """
    body = _drop_way(rule)
    if set(body) == {"Condition"} and isinstance(body["Condition"], str):
        return _find_sign(body["Condition"].removeprefix("{%").removesuffix("%}").strip())
    if set(body) == {"Not"} and isinstance(body["Not"], Mapping):
        found = find_polarity(body["Not"])
        return found and (found[0], not found[1])
    variable = body.pop("Variable", None)
    if not isinstance(variable, str) or len(body) != 1:
        return None
    ((name, value),) = body.items()
    if isinstance(value, bool):
        return f"{variable} {name}", value
    for base, opposite in _OPPOSITES:
        start, middle, end = name.partition(opposite)
        if middle and end in ("", "Path"):
            return f"{variable} {start}{base}{end} {render_value(value)}", False
    return f"{variable} {name} {render_value(value)}", True


def _find_sign(text: str) -> tuple[str, bool]:
    """Take apart a JSONata condition that is one comparison, or $not of one text."""
    if match := _NOT.fullmatch(text):
        base, holds = _find_sign(match[1].strip())
        return base, not holds
    match = _COMPARISON.fullmatch(text)
    if not match or re.search(r"\b(?:and|or)\b|[?:]", text):
        return text, True
    left, sign, right = match.groups()
    if sign in ("=", "!=") and right in ("true", "false"):
        return left, (right == "true") is (sign == "=")
    base, holds = _SIGNS.get(sign, (sign, True))
    return f"{left} {base} {right}", holds


def _format_order(rules: list[Json], pairs: list[tuple[int, int]]) -> str:
    """Describe which rule is now tested before which; of several such pairs, the first."""
    was = {new: old for old, new in pairs}
    order = sorted(was)
    swapped = [(a, b) for a, b in pairwise(order) if was[a] > was[b]]
    first, second = (
        f"{_quote_rule(rules[index])} (to {quote_target(rules[index].get('Next'))})"
        for index in swapped[0]
    )
    more = f", and {len(swapped) - 1} more places" if swapped[1:] else ""
    return f"now tests {first} before {second}{more}; the first rule that holds counts"


def _compare_rules(sides: StatePair) -> Iterator[Change]:
    yield from describe_comment(sides)
    phrase = f"if {_format_rule(sides.new)} continues to"
    yield from find_target_changes(sides, "Next", phrase)
    for name in dict.fromkeys([*sides.new, *sides.old]):
        for edit in sides.find_edits(name) if name not in ("Next", "Comment") else ():
            change = sides.describe(edit, _kind_of_rule_field(name))
            way = f"the way to {quote_target(sides.new.get('Next'))}: "
            yield change._replace(sentence=way + change.sentence)


def _kind_of_rule_field(name: str) -> str:
    return {"Assign": "variable-changed", "Output": "output-changed"}.get(name, "choice-changed")


def _format_rule(rule: Mapping[str, Json]) -> str:
    """Describe a rule's condition, shortened.

    >>> _format_rule({"Variable": "$.n", "NumericEquals": 3, "Next": "A"})
    '$.n NumericEquals 3'
    """
    if isinstance(rule.get("Condition"), str):
        return shorten(rule["Condition"])
    parts = {key: value for key, value in rule.items() if key not in ("Next", "Comment", "Assign")}
    variable = parts.pop("Variable", "")
    words = [f"{key} {render_value(value)}" for key, value in parts.items()]
    return shorten(" ".join([variable, *words] if isinstance(variable, str) else words).strip())
