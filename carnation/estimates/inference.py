"""What a definition says of data that nobody has shown: the names it reads, and as what.

A path that is mapped over ends in a list, one that a Choice compares with 3 in a number. Where a
Choice could go several ways, the values are those of the first way that goes on: that neither ends
in a Fail nor comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from carnation.asl import walk_states
from carnation.document import join_pointer, split_pointer

_PATH = re.compile(
    r"\$(?P<root>\$|[A-Za-z_]\w*)?(?P<rest>(?:\.[A-Za-z_][\w-]*|\[\s*'[^']*'\s*\]|\[[^\]']*\])+)"
)
_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[\s*'([^']*)'\s*\]|(\[)")
_CALL = re.compile(r"States\.(\w+)\(([^()]*)")
_COMPARED = re.compile(
    r"(\$[\w.]+)\s*(=|<=|>=|<|>)\s*('[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?|true|false)"
)
_COUNTED = re.compile(
    r"\$(?:abs|ceil|floor|format(?:Base|Integer|Number)|power|round|sqrt)\(\s*(\$[\w.]+)"
)
_CALCULATED = re.compile(r"(\$\w+(?:\.\w+)+)\s*[-+*/%]\s*[\d(]")
_EXISTS = re.compile(r"\{%\s*\$exists\(\s*(\$[\w.]+)\s*\)\s*%\}\Z")
_INDEXED = re.compile(r"\.([A-Za-z_][\w-]*)\[(?:(\d{1,3})|\*)\]")
_GATHERED = re.compile(r"\$((?:\.[A-Za-z_]\w*)+)\[(?:\*|:)\]\.")
WHOLE, ITEM = "", "[]"
_SCOPES = ("ItemProcessor", "Iterator", "Branches")
_NUMBERS = ("SecondsPath", "TimeoutSecondsPath", "HeartbeatSecondsPath")
_LISTED = ("ArrayLength", "ArrayContains", "ArrayPartition", "ArrayUnique", "ArrayGetItem")
_MADE: Mapping[str, Any] = {
    "MathAdd": 1, "MathRandom": 1, "StringSplit": "a,b",
    "Base64Decode": "YQ==", "ArrayRange": 1,
}  # fmt: skip
_VARIABLE = re.compile(r"(?:\{%\s*)?\$([A-Za-z]\w*)(?:\s*%\})?\Z")
_MOMENT = "2016-03-14T01:59:00Z"
_STEPS_BESIDE = {"Equals": 0, "GreaterThan": 1, "LessThan": -1}


class InferredData:
    """Names, and what stands behind them."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        """Read a definition."""
        self.items: set[str] = set()
        """What the outermost Maps map over."""
        self.lists: set[str] = set()
        self.lengths: dict[str, int] = {}
        """How long a list is at least, by the index at which it is read."""
        self.objects: set[str] = set()
        self.values: dict[str, Any] = {}
        self.absent: set[str] = set()
        """What is not there, so that a Choice goes on."""
        self.texts: set[str] = set()
        """What is parsed as JSON."""
        self.whole: set[str] = set()
        """States whose whole result is mapped over; '' is the execution's input."""
        self.members: dict[str, dict[str, None]] = {}
        """What is read of each object, by its name: of the input and the results, of the items."""
        for place in walk_states(definition):
            own = {key: place.body[key] for key in place.body if key not in _SCOPES}
            for name, found in _find_items(own):
                self._read_paths(name, found)
            self._read_own(own, WHOLE if is_outermost(place.pointer) else ITEM)
        for text in _find_texts(definition):
            self._read_calls(text)
            for name, index in _INDEXED.findall(text) if "$" in text else ():
                self.lists.add(name)
                self.lengths[name] = max(self.lengths.get(name, 1), int(index or 0) + 1)
        for place in walk_states(definition):
            self._read_state(definition, place.body, place.pointer)
        for place in walk_states(definition):
            for field in ("ResultSelector", "Parameters"):
                self._read_gathered(place.body.get(field))

    def _read_gathered(self, given: Any) -> None:
        """Find lists of which a Map gets a part each: `"names.$": "$.users[*].name"`."""
        for key, value in given.items() if isinstance(given, Mapping) else ():
            match = _GATHERED.match(value) if isinstance(value, str) else None
            if match:
                name = match[1].rpartition(".")[2]
                where = self.items if key.removesuffix(".$") in self.items else self.lists
                where.add(name)

    def _read_own(self, state: Mapping[str, Any], whole: str) -> None:
        """Read the paths of a state; with an InputPath the others lie in what that names."""
        chosen = list(_find_paths(state.get("InputPath", "")))
        others = {key: value for key, value in state.items() if key != "InputPath"}
        self._read_paths(whole, chosen)
        shaped = any(key in state for key in ("Parameters", "ItemSelector", "ItemsPath"))
        if chosen and shaped and list(_find_paths(others)):
            whole = chosen[-1][0][-1]
            self.objects.add(whole)
        self._read_paths(whole, _find_paths(others))

    def _read_paths(self, whole: str, paths: Iterable[tuple[list[str], bool]]) -> None:
        for names, is_list in paths:
            self.objects.update(names[:-1])
            kept = names[1:] if names[0] == "Payload" else names  # the wrapper of a function's
            for outer, inner in zip([whole, *kept], kept, strict=False):
                self.members.setdefault(outer, {})[inner] = None
            self.lists.update(names[-1:] if is_list else ())

    @staticmethod
    def list_name(state: Mapping[str, Any]) -> str:
        """Name what a Map maps over: the last name of its path; '' for none."""
        source = state.get("ItemsPath", state.get("Items"))
        paths = list(_find_paths(source)) if isinstance(source, str) else []
        return paths[-1][0][-1] if paths else ""

    def _read_calls(self, text: str) -> None:
        for match in _CALL.finditer(text):
            for names, _ in _find_paths(match.group(2)):
                if match.group(1) in _LISTED:
                    self.lists.add(names[-1])
                elif match.group(1) == "StringToJson":
                    self.texts.add(names[-1])
                elif match.group(1) in _MADE:
                    self.values.setdefault(names[-1], _MADE[match.group(1)])
        if "{%" in text:
            for path in (*_COUNTED.findall(text), *_CALCULATED.findall(text)):
                self._set(path, 1)

    def _read_state(self, scope: Mapping[str, Any], state: Mapping[str, Any], at: str) -> None:
        for field in _NUMBERS:
            self._set(state.get(field), 1)
        for field, value in (("TimestampPath", _MOMENT), ("MaxConcurrencyPath", 0)):
            self._set(state.get(field), value)
        if state.get("Type") == "Map":
            self._read_map(scope, state, at)
        if state.get("Type") == "Choice":
            siblings = _read_states(_find_scope(scope, at))
            chosen = _choose_rules(siblings, split_pointer(at)[-1], state)
            for rule in chosen:
                self._satisfy(rule)
            for rule in () if chosen else state.get("Choices", ()):
                if isinstance(rule, Mapping):
                    self._reject(rule)

    def _set(self, path: Any, value: Any) -> None:
        for names, _ in _find_paths(path) if isinstance(path, str) else ():
            self.values.setdefault(names[-1], value)

    def _read_map(self, scope: Mapping[str, Any], state: Mapping[str, Any], at: str) -> None:
        is_outer = is_outermost(at)
        found = self.items if is_outer else self.lists
        name = self.list_name(state)
        variable = _VARIABLE.match(str(state.get("ItemsPath", state.get("Items"))))
        if name:
            found.add(name)
        elif variable and variable[1] not in ("", "states"):
            self._read_variable(scope, variable[1], found)
        elif is_outer and "ItemReader" not in state and not isinstance(state.get("Items"), list):
            self._read_whole(scope, at)

    def _read_variable(self, definition: Mapping[str, Any], name: str, found: set[str]) -> None:
        """Find what is assigned to a variable that is mapped over."""
        for place in walk_states(definition):
            given = place.body.get("Assign")
            given = given if isinstance(given, Mapping) else {}
            value = given.get(name, given.get(f"{name}.$"))
            paths = list(_find_paths(value))
            if paths:
                found.add(paths[-1][0][-1])
            elif value is not None and "$states.result" in str(value):
                self.whole.add(place.name)

    def _read_whole(
        self, definition: Mapping[str, Any], at: str, seen: tuple[str, ...] = ()
    ) -> None:
        """Find what gives a Map its whole input: what comes before it, or who starts it."""
        scope, name = _find_scope(definition, at), split_pointer(at)[-1]
        paths = list(_find_paths(_read_states(scope)[name].get("InputPath", "")))
        if paths:
            self.items.add(paths[-1][0][-1])
            return
        if scope.get("StartAt") == name:
            around = at.rpartition("/Branches/")[0]
            if around:  # a branch gets what its Parallel gets
                self._read_whole(definition, around)
            else:
                self.whole.add("")
        for before, state in _read_states(scope).items():
            if name in list_targets(state) and before not in seen:
                self._read_before(definition, at.rpartition("/")[0], before, state, (*seen, name))

    def _read_before(
        self, definition: Mapping[str, Any], scope: str, name: str,
        state: Mapping[str, Any], seen: tuple[str, ...],
    ) -> None:  # fmt: skip
        paths = list(_find_paths(state.get("OutputPath", state.get("Output", ""))))
        if paths and paths[-1][0] != ["Payload"]:  # which is what a function gives
            self.items.add(paths[-1][0][-1])
        elif not paths and state.get("Type") in ("Choice", "Wait"):
            self._read_whole(definition, join_pointer(scope, name), seen)
        else:
            self.whole.add(name)

    def _satisfy(self, rule: Mapping[str, Any]) -> None:
        condition = rule.get("Condition")
        if isinstance(condition, str):
            for path, operator, text in _COMPARED.findall(condition):
                for names, _ in _find_paths(path):
                    self.values[names[-1]] = _beside(_read_literal(text), operator)
        tests = [rule.get(name) for name in ("And", "Or")]
        both, either = (one if isinstance(one, list) else [] for one in tests)
        for inner in (rule, *both, *either[:1]):
            if isinstance(inner, Mapping):
                self._satisfy_test(inner)

    def _reject(self, rule: Mapping[str, Any]) -> None:
        """Let a rule that asks whether something is there find nothing."""
        condition = rule.get("Condition")
        match = _EXISTS.match(condition) if isinstance(condition, str) else None
        path = match[1] if match else rule.get("Variable", "") if rule.get("IsPresent") else ""
        for names, _ in _find_paths(path):
            self.absent.add(names[-1])

    def _satisfy_test(self, test: Mapping[str, Any]) -> None:
        for names, _ in _find_paths(test.get("Variable", "")):
            if test.get("IsPresent") is False:
                self.absent.add(names[-1])
            for operator, value in test.items():
                made = _make_value(operator, value)
                if made is not None:
                    self.values[names[-1]] = made


def _make_value(operator: str, value: Any) -> Any:
    """Make a value of which a comparison holds."""
    if operator.endswith("Path") or operator in ("Variable", "Next", "And", "Or", "Not"):
        return None
    if operator.startswith("Numeric") and isinstance(value, (int, float)):
        steps = 0 if "Equals" in operator else 1 if "Greater" in operator else -1
        return value + steps
    if operator == "StringMatches" and isinstance(value, str):
        return value.replace("*", "x")
    if operator.startswith("String") and isinstance(value, str):
        return value + "x" if operator == "StringGreaterThan" else value
    if operator in ("BooleanEquals", "TimestampEquals"):
        return value
    made = {"IsNumeric": 1, "IsString": "x", "IsBoolean": True, "IsTimestamp": _MOMENT}
    return made.get(operator) if value else None


def _beside(value: Any, operator: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return value + {"<": -1, ">": 1}.get(operator, 0)


def _read_literal(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text[0] in "'\"":
        return text[1:-1]
    return float(text) if "." in text else int(text)


def is_outermost(pointer: str) -> bool:
    """Tell whether no Map is around a state, of which this is the pointer.

    >>> is_outermost("/States/A/Branches/0/States/B"), is_outermost("/States/A/Iterator/States/B")
    (True, False)
    """
    return re.search(r"/(ItemProcessor|Iterator)/States/", pointer) is None


def _find_scope(definition: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    """Find the scope that a state stands in."""
    scope: Any = definition
    for part in split_pointer(pointer)[:-2]:
        scope = scope[int(part)] if isinstance(scope, list) else scope[part]
    found: Mapping[str, Any] = scope
    return found


def _read_states(scope: Mapping[str, Any]) -> Mapping[str, Any]:
    states = scope.get("States", {})
    return states if isinstance(states, Mapping) else {}


def _choose_rules(
    states: Mapping[str, Any], name: str, choice: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Give the first rule that goes on, if the default does not; several may be as good."""
    rules = [rule for rule in choice.get("Choices", ()) if isinstance(rule, Mapping)]
    good = [rule for rule in rules if _goes_on(states, name, rule.get("Next"))]
    if good:
        return good[:1]
    return [] if _goes_on(states, name, choice.get("Default")) else rules[:1]


def _goes_on(states: Mapping[str, Any], name: str, target: Any) -> bool:
    """Tell whether a way neither ends in a Fail at once nor comes back to where it began."""
    if not isinstance(target, str) or states.get(target, {}).get("Type") == "Fail":
        return False
    seen, waiting = {target}, [target]
    for at in waiting:  # grows while we walk
        state = states.get(at)
        ahead = list_targets(state) if isinstance(state, Mapping) else []
        waiting.extend(following for following in ahead if following not in seen)
        seen.update(ahead)
    return name not in seen


def list_targets(state: Mapping[str, Any]) -> list[str]:
    """List where a state may go when nothing fails."""
    rules = [rule for rule in state.get("Choices", ()) if isinstance(rule, Mapping)]
    targets = [state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in rules)]
    return [target for target in targets if isinstance(target, str)]


def _find_texts(value: Any) -> Iterator[str]:
    waiting = [value]
    for item in waiting:  # grows while we walk
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


_VALUE = re.compile(r"\$(?:\$|states\.context)\.Map\.Item\.Value((?:\.[A-Za-z_][\w-]*)+)")


def _find_items(value: Any) -> Iterator[tuple[str, list[tuple[list[str], bool]]]]:
    """Yield what is read of the item of a Map in its own words: `$$.Map.Item.Value.id`."""
    for text in _find_texts(value):
        for match in _VALUE.finditer(text):
            yield ITEM, [(match[1].split(".")[1:], False)]


def _find_paths(value: Any) -> Iterator[tuple[list[str], bool]]:
    """Yield the names along each path in a value, and whether the last one is a list."""
    for text in _find_texts(value):
        for match in _PATH.finditer(text):
            names, is_list = [], False
            for dotted, quoted, bracket in _STEP.findall(match["rest"]):
                if bracket:
                    is_list = True
                    continue
                names.append(dotted or quoted)
                is_list = False
            if match["root"] == "states":
                names = names[1:] if names[:1] not in (["context"], ["errorOutput"]) else []
            if match["root"] == "$":
                names = names[2:] if names[:2] == ["Execution", "Input"] else []
            if names:
                yield names, is_list
