"""The rules of a Choice: 39 comparisons and And, Or, Not in JSONPath, conditions in JSONata.

Each rule is the SDK's own, with what today's language adds: a comment, variables to assign, in
JSONata an output.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from carnation.asl.comparisons import COMPARISONS
from carnation.asl.kinds import KINDS, is_placeholder
from carnation.errors import DefinitionError, suggest_name
from carnation.states.arguments import (
    UNSET,
    find_line,
    is_dynamic,
    list_languages,
    read_arguments,
    reject_mixture,
)
from carnation.states.sdk import choice_rule

Value = TypeVar("Value", contravariant=True)
_PATH = "JSONPath"


class Rule(choice_rule.BaseRule):
    """A rule of a Choice: what it compares is the SDK's, `fields` and `extra` are its own."""

    place = "Rule"
    fields: Mapping[str, Any]
    extra: Mapping[str, Any]

    def note(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Check and keep what the rule has next to its comparison."""
        self.name = name
        self.fields, self.extra = read_arguments(self.place, f"the rule {name}", arguments)
        reject_mixture(f"the rule {name}", self.list_languages())

    def list_languages(self) -> Iterator[tuple[str, str]]:
        """Yield what belongs to one query language: the comparison, and fields next to it."""
        if not isinstance(self, Condition):
            yield self.name, _PATH
        yield from list_languages(self.place, self.fields)


class Comparison(Rule, choice_rule.Rule):
    """A comparison of a variable with a value, or with what a second path finds."""

    def __init__(self, operator: str, variable: Any, value: Any, own: Mapping[str, Any]) -> None:
        _reject_variable(operator, variable)
        fits, wanted = KINDS[COMPARISONS[operator]]
        if not (fits(value) or is_placeholder(value) or is_dynamic(value)):
            raise DefinitionError(
                f"the rule {operator} ({find_line()}) compares with {value!r}; expected {wanted}."
            )
        self.variable, self.operator, self.value = variable, operator, value
        self.note(operator, own)


def _reject_variable(operator: str, variable: Any) -> None:
    if not is_dynamic(variable) and not KINDS["path"][0](variable):
        raise DefinitionError(
            f"the rule {operator} ({find_line()}) looks at {variable!r}; expected "
            f"{KINDS['path'][1]}."
        )


class Operator(Generic[Value]):
    """Makes comparisons of one kind: `ChoiceRule.NumericLessThan("$.retries", 3)`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(
        self,
        variable: Any,
        value: Value,
        *,
        comment: str = UNSET,
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Mapping[str, Any] = UNSET,
    ) -> Comparison:
        """Compare what the path `variable` finds with `value`."""
        own = {"comment": comment, "assign": assign, "output": output, "extra": extra}
        return Comparison(self.name, variable, value, own)

    def __repr__(self) -> str:
        return f"ChoiceRule.{self.name}"


class Joined(Rule, choice_rule.CompoundRule):
    """Rules joined by And or Or."""

    def __init__(self, operator: str, rules: Sequence[Any], own: Mapping[str, Any]) -> None:
        held = list(rules) if isinstance(rules, (list, tuple)) else []
        if not held:
            raise DefinitionError(
                f"the rule {operator} ({find_line()}) joins {rules!r}; expected a list of at "
                f"least one rule."
            )
        for rule in held:
            reject_nested(operator, rule)
        self.operator, self.rules = operator, held
        self.note(operator, own)


class Negation(Rule, choice_rule.NotRule):
    """A rule that holds where another does not."""

    def __init__(self, rule: Any, own: Mapping[str, Any]) -> None:
        reject_nested("Not", rule)
        self.rule = rule
        self.note("Not", own)


def reject_nested(operator: str, rule: Any) -> None:
    """Raise `DefinitionError` for what cannot be inside And, Or and Not."""
    if isinstance(rule, Condition) or not isinstance(rule, choice_rule.BaseRule):
        raise DefinitionError(
            f"the rule {operator} ({find_line()}) holds {rule!r}, which is not a JSONPath rule. "
            f"Write it as ChoiceRule.StringEquals(...)."
        )
    for name in ("assign", "output"):
        if name in getattr(rule, "fields", ()):
            raise DefinitionError(
                f"the rule {operator} ({find_line()}) holds a rule with '{name}'. Only the "
                f"outermost rule has one; move it to {operator}."
            )


class Condition(Rule):
    """The rule of a JSONata Choice: an expression that is true or false.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html

    >>> Condition("{% $states.input.total > 100 %}").to_dict()
    {'Condition': '{% $states.input.total > 100 %}'}
    """

    def __init__(
        self,
        condition: str | bool,
        *,
        comment: str = UNSET,
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Mapping[str, Any] = UNSET,
    ) -> None:
        self.note("Condition", locals())

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as ASL writes it, without what it assigns."""
        return {"Condition": self.fields["condition"]}


class _Named(type):
    def __getattr__(cls, name: str) -> Any:
        near = suggest_name(name, [known for known in vars(cls) if known[0] != "_"])
        raise AttributeError(f"a Choice has no rule '{name}'.{near}")


class ChoiceRule(metaclass=_Named):
    """The rules of a JSONPath Choice, each under ASL's own name.

    A comparison takes the path of what it looks at and a value; operators that end in `Path` take a
    second path, and tests (`IsPresent`) True or False. All take `comment`, and the outermost rule
    `assign`, variables that are set when the rule holds.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html

    >>> ChoiceRule.Not(ChoiceRule.StringMatches("$.name", "order-*")).to_dict()
    {'Not': {'Variable': '$.name', 'StringMatches': 'order-*'}}
    >>> ChoiceRule.NumericEquals("$.total", "three")
    Traceback (most recent call last):
    carnation.errors.DefinitionError: the rule NumericEquals (...) compares with 'three'; it ...
    """

    StringEquals = Operator[str]("StringEquals")
    StringEqualsPath = Operator[Any]("StringEqualsPath")
    StringLessThan = Operator[str]("StringLessThan")
    StringLessThanPath = Operator[Any]("StringLessThanPath")
    StringGreaterThan = Operator[str]("StringGreaterThan")
    StringGreaterThanPath = Operator[Any]("StringGreaterThanPath")
    StringLessThanEquals = Operator[str]("StringLessThanEquals")
    StringLessThanEqualsPath = Operator[Any]("StringLessThanEqualsPath")
    StringGreaterThanEquals = Operator[str]("StringGreaterThanEquals")
    StringGreaterThanEqualsPath = Operator[Any]("StringGreaterThanEqualsPath")
    StringMatches = Operator[str]("StringMatches")
    NumericEquals = Operator[float]("NumericEquals")
    NumericEqualsPath = Operator[Any]("NumericEqualsPath")
    NumericLessThan = Operator[float]("NumericLessThan")
    NumericLessThanPath = Operator[Any]("NumericLessThanPath")
    NumericGreaterThan = Operator[float]("NumericGreaterThan")
    NumericGreaterThanPath = Operator[Any]("NumericGreaterThanPath")
    NumericLessThanEquals = Operator[float]("NumericLessThanEquals")
    NumericLessThanEqualsPath = Operator[Any]("NumericLessThanEqualsPath")
    NumericGreaterThanEquals = Operator[float]("NumericGreaterThanEquals")
    NumericGreaterThanEqualsPath = Operator[Any]("NumericGreaterThanEqualsPath")
    BooleanEquals = Operator[bool]("BooleanEquals")
    BooleanEqualsPath = Operator[Any]("BooleanEqualsPath")
    TimestampEquals = Operator[str]("TimestampEquals")
    TimestampEqualsPath = Operator[Any]("TimestampEqualsPath")
    TimestampLessThan = Operator[str]("TimestampLessThan")
    TimestampLessThanPath = Operator[Any]("TimestampLessThanPath")
    TimestampGreaterThan = Operator[str]("TimestampGreaterThan")
    TimestampGreaterThanPath = Operator[Any]("TimestampGreaterThanPath")
    TimestampLessThanEquals = Operator[str]("TimestampLessThanEquals")
    TimestampLessThanEqualsPath = Operator[Any]("TimestampLessThanEqualsPath")
    TimestampGreaterThanEquals = Operator[str]("TimestampGreaterThanEquals")
    TimestampGreaterThanEqualsPath = Operator[Any]("TimestampGreaterThanEqualsPath")
    IsNull = Operator[bool]("IsNull")
    IsPresent = Operator[bool]("IsPresent")
    IsNumeric = Operator[bool]("IsNumeric")
    IsString = Operator[bool]("IsString")
    IsBoolean = Operator[bool]("IsBoolean")
    IsTimestamp = Operator[bool]("IsTimestamp")

    @staticmethod
    def And(  # noqa: N802  # ASL's own word
        rules: Sequence[Any],
        *,
        comment: str = UNSET,
        assign: Mapping[str, Any] = UNSET,
        extra: Mapping[str, Any] = UNSET,
    ) -> Joined:
        """Join rules of which all have to hold."""
        return Joined("And", rules, locals())

    @staticmethod
    def Or(  # noqa: N802
        rules: Sequence[Any],
        *,
        comment: str = UNSET,
        assign: Mapping[str, Any] = UNSET,
        extra: Mapping[str, Any] = UNSET,
    ) -> Joined:
        """Join rules of which one has to hold."""
        return Joined("Or", rules, locals())

    @staticmethod
    def Not(  # noqa: N802
        rule: Any,
        *,
        comment: str = UNSET,
        assign: Mapping[str, Any] = UNSET,
        extra: Mapping[str, Any] = UNSET,
    ) -> Negation:
        """Hold where the rule does not."""
        return Negation(rule, locals())
