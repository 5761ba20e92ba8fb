"""What a definition says of data that nobody has shown: the names it reads, and as what.

A path that is mapped over ends in a list, one that a Choice compares with 3 in a number. Where a
Choice could go several ways, the values are those of the first way that goes on: that neither ends
in a Fail nor comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from carnation.asl.cycles import find_cycles
from carnation.document import join_pointer, split_pointer
from carnation.estimates.reads import MADE, Expression, Read, list_reads, list_texts, read_text
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from carnation.asl import Definition

WHOLE, ITEM = "", "[]"
_PROCESSORS = ("ItemProcessor", "Iterator")
_SCOPES = ("ItemProcessor", "Iterator", "Branches")
_NUMBERS = ("SecondsPath", "TimeoutSecondsPath", "HeartbeatSecondsPath")
_LISTED = ("ArrayLength", "ArrayContains", "ArrayPartition", "ArrayUnique", "ArrayGetItem")
_MADE: Mapping[str, Any] = {
    "MathAdd": 1, "MathRandom": 1, "StringSplit": "a,b",
    "Base64Decode": "YQ==", "ArrayRange": 1, "$toMillis": "2016-03-14T01:59:00Z",
}  # fmt: skip
_MOMENT = "2016-03-14T01:59:00Z"
_STEPS_BESIDE = {"Equals": 0, "GreaterThan": 1, "LessThan": -1}


class InferredData:
    """Names, and what is behind them."""

    def __init__(self, graph: Definition) -> None:
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
        self.present: set[str] = set()
        """What is there, so that a Choice goes on."""
        self.texts: set[str] = set()
        """What is parsed as JSON."""
        self._ways: dict[str, _Ways] = {}
        self.whole: set[str] = set()
        """States whose whole result is mapped over; '' is the execution's input."""
        self.members: dict[str, dict[str, None]] = {}
        """What is read of each object, by its name: of the input and the results, of the items."""
        definition, self._states = graph.body, graph.states
        for place in self._states:
            own = {key: place.body[key] for key in place.body if key not in _SCOPES}
            items = [read for text in list_texts(own) for read in read_text(text).reads
                     if read.names and read.in_item]  # fmt: skip
            self._read_paths(ITEM, items)
            self._read_own(own, WHOLE if is_outermost(place.pointer) else ITEM)
        for text in list_texts(definition):
            self._read_text(read_text(text))
        for place in self._states:
            self._read_state(definition, place.body, place.pointer)
        for place in self._states:
            for field in ("ResultSelector", "Parameters"):
                self._read_gathered(place.body.get(field))

    def _read_gathered(self, given: Any) -> None:
        """Find lists of which a Map gets a part each: `"names.$": "$.users[*].name"`."""
        for key, value in given.items() if isinstance(given, Mapping) else ():
            reads = read_text(value).reads if isinstance(value, str) else ()
            for read in reads[:1]:
                if read.gathers:
                    where = self.items if key.removesuffix(".$") in self.items else self.lists
                    where.add(read.gathers)

    def _read_own(self, state: Mapping[str, Any], whole: str) -> None:
        """Read the paths of a state; with an InputPath the others are in what that names."""
        chosen = list_reads(state.get("InputPath", ""))
        others = {key: value for key, value in state.items() if key != "InputPath"}
        self._read_paths(whole, chosen)
        shaped = any(key in state for key in ("Parameters", "ItemSelector", "ItemsPath"))
        found = list_reads(others)
        if chosen and shaped and found:
            whole = chosen[-1].names[-1]
            self.objects.add(whole)
        self._read_paths(whole, found)

    def _read_paths(self, whole: str, reads: Iterable[Read]) -> None:
        for read in reads:
            names, is_list = read.names, read.is_list
            around = MADE if read.variable == MADE else whole
            self.objects.update(names[:-1])
            kept = names[1:] if names[0] == "Payload" else names  # the wrapper of a function's
            for outer, inner in zip([around, *kept], kept, strict=False):
                self.members.setdefault(outer, {})[inner] = None
            self.lists.update(names[-1:] if is_list else ())

    @staticmethod
    def list_name(state: Mapping[str, Any]) -> str:
        """Name what a Map maps over: the last name of its path; '' for none."""
        source = state.get("ItemsPath", state.get("Items"))
        reads = list_reads(source) if isinstance(source, str) else []
        return reads[-1].names[-1] if reads else ""

    def _read_text(self, text: Expression) -> None:
        for read in text.reads:
            for name, length in read.lengths:
                self.lists.add(name)
                self.lengths[name] = max(self.lengths.get(name, 1), length)
        for call, reads in text.calls:
            for name in (read.names[-1] for read in reads if read.names):
                if call in _LISTED:
                    self.lists.add(name)
                elif call in ("StringToJson", "$parse"):
                    self.texts.add(name)
                elif call in _MADE:
                    self.values.setdefault(name, _MADE[call])
        for read in text.numbers:
            if read.names:
                self.values.setdefault(read.names[-1], 1)

    def _read_state(self, scope: Mapping[str, Any], state: Mapping[str, Any], at: str) -> None:
        for field in _NUMBERS:
            self._set(state.get(field), 1)
        for field, value in (("TimestampPath", _MOMENT), ("MaxConcurrencyPath", 0)):
            self._set(state.get(field), value)
        if state.get("Type") == "Map":
            self._read_map(scope, state, at)
        if state.get("Type") == "Choice":
            place, _, name = at.rpartition("/")
            if place not in self._ways:
                self._ways[place] = _Ways(_read_states(_find_scope(scope, at)))
            chosen = self._ways[place].choose_rules(split_pointer(f"/{name}")[-1], state)
            for rule in chosen:
                self._satisfy(rule)
            for rule in () if chosen else state.get("Choices", ()):
                if isinstance(rule, Mapping):
                    self._reject(rule)

    def _set(self, path: Any, value: Any) -> None:
        for read in list_reads(path) if isinstance(path, str) else ():
            self.values.setdefault(read.names[-1], value)

    def _read_map(self, scope: Mapping[str, Any], state: Mapping[str, Any], at: str) -> None:
        is_outer = is_outermost(at)
        found = self.items if is_outer else self.lists
        name = self.list_name(state)
        variable = _variable_name(state.get("ItemsPath", state.get("Items")))
        if name:
            found.add(name)
        elif variable:
            self._read_variable(variable, found)
        elif is_outer and "ItemReader" not in state and not isinstance(state.get("Items"), list):
            self._read_whole(scope, at)

    def _read_variable(self, name: str, found: set[str]) -> None:
        """Find what is assigned to a variable that is mapped over."""
        for place in self._states:
            given = place.body.get("Assign")
            given = given if isinstance(given, Mapping) else {}
            value = given.get(name, given.get(f"{name}.$"))
            reads = list_reads(value)
            if reads:
                found.add(reads[-1].names[-1])
            elif value is not None and "$states.result" in str(value):
                self.whole.add(place.name)

    def _read_whole(
        self, definition: Mapping[str, Any], at: str, seen: tuple[str, ...] = ()
    ) -> None:
        """Find what gives a Map its whole input: what comes before it, or who starts it."""
        scope, name = _find_scope(definition, at), split_pointer(at)[-1]
        reads = list_reads(_read_states(scope)[name].get("InputPath", ""))
        if reads:
            self.items.add(reads[-1].names[-1])
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
        reads = list_reads(state.get("OutputPath", state.get("Output", "")))
        if reads and reads[-1].names != ("Payload",):  # which is what a function gives
            self.items.add(reads[-1].names[-1])
        elif not reads and state.get("Type") in ("Choice", "Wait"):
            self._read_whole(definition, join_pointer(scope, name), seen)
        else:
            self.whole.add(name)

    def _satisfy(self, rule: Mapping[str, Any]) -> None:
        condition = rule.get("Condition")
        if isinstance(condition, str):
            text = read_text(condition)
            for read, value in text.compared:
                if read.names:
                    self.values[read.names[-1]] = value
            if text.exists and text.exists.names:
                self.present.add(text.exists.names[-1])
        tests = [rule.get(name) for name in ("And", "Or")]
        both, either = (one if isinstance(one, list) else [] for one in tests)
        for inner in (rule, *both, *either[:1]):
            if isinstance(inner, Mapping):
                self._satisfy_test(inner)

    def _reject(self, rule: Mapping[str, Any]) -> None:
        """Let a rule that asks whether something is there find nothing."""
        condition = rule.get("Condition")
        asked = read_text(condition).exists if isinstance(condition, str) else None
        path = rule.get("Variable", "") if rule.get("IsPresent") else ""
        for read in [asked] if asked and asked.names else list_reads(path):
            self.absent.add(read.names[-1])

    def _satisfy_test(self, test: Mapping[str, Any]) -> None:
        for names, *_ in list_reads(test.get("Variable", "")):
            if test.get("IsPresent") is False:
                self.absent.add(names[-1])
            elif test.get("IsPresent") is True:
                self.present.add(names[-1])
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


def _variable_name(value: Any) -> str:
    """Name the variable that a text is, as a whole; '' for anything else."""
    reads = read_text(value).reads if isinstance(value, str) else ()
    return reads[0].variable if len(reads) == 1 and not reads[0].names else ""


def is_outermost(pointer: str) -> bool:
    """Return whether no Map is around a state, of which this is the pointer.

    >>> is_outermost("/States/A/Branches/0/States/B"), is_outermost("/States/A/Iterator/States/B")
    (True, False)
    """
    parts = split_pointer(pointer)
    return not any(part in _PROCESSORS and after == "States" for part, after in pairwise(parts))


def _find_scope(definition: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    """Find the scope that a state is in."""
    scope: Any = definition
    for part in split_pointer(pointer)[:-2]:
        scope = scope[int(part)] if isinstance(scope, list) else scope[part]
    found: Mapping[str, Any] = scope
    return found


def _read_states(scope: Mapping[str, Any]) -> Mapping[str, Any]:
    states = scope.get("States", {})
    return states if isinstance(states, Mapping) else {}


class _Ways:
    """The ways through the states of one scope."""

    def __init__(self, states: Mapping[str, Any]) -> None:
        self.states = states
        targets = {
            name: [one for one in list_targets(state) if one in states]
            for name, state in states.items()
            if isinstance(state, Mapping)
        }
        plain = {name: [one for one in ahead if one in targets] for name, ahead in targets.items()}
        self.loops = {name: at for at, group in enumerate(find_cycles(plain)) for name in group}

    def choose_rules(self, name: str, choice: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the first rule that goes on, if the default does not; several may be as good."""
        rules = [rule for rule in choice.get("Choices", ()) if isinstance(rule, Mapping)]
        good = [rule for rule in rules if self.goes_on(name, rule.get("Next"))]
        if good:
            return good[:1]
        return [] if self.goes_on(name, choice.get("Default")) else rules[:1]

    def goes_on(self, name: str, target: Any) -> bool:
        """Return whether a way neither ends in a Fail at once nor comes back to where it began."""
        if not isinstance(target, str) or self.states.get(target, {}).get("Type") == "Fail":
            return False
        loop = self.loops.get(name)
        return loop is None or self.loops.get(target) != loop


def list_targets(state: Mapping[str, Any]) -> list[str]:
    """List where a state may go when nothing fails."""
    rules = [rule for rule in state.get("Choices", ()) if isinstance(rule, Mapping)]
    targets = [state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in rules)]
    return [target for target in targets if isinstance(target, str)]
