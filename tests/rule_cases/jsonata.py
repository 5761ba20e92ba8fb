"""What AWS rejects of JSONata, and its risks: contexts, guards, and scopes."""

from __future__ import annotations

from typing import Any

from tests.rule_cases.builders import Case, ata, machine, map_, pass_

DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
REFERENCE, UNDEFINED, MAYBE = (
    "unsupported-jsonata-reference",
    "undefined-variable",
    "maybe-undefined-variable",
)


def output(text: str) -> dict[str, Any]:
    return ata(Output="{% " + text + " %}")


def chosen(text: str, condition: str = "$states.input.a") -> dict[str, Any]:
    """A state that only one of two ways to it assigns `$x` for."""
    rule = {"Condition": "{% " + condition + " %}", "Assign": {"x": 1}, "Next": "Z"}
    return machine(
        top={"QueryLanguage": "JSONata"},
        C={"Type": "Choice", "Choices": [rule], "Default": "Z"},
        Z=pass_(Output="{% " + text + " %}"),
    )


def tested(condition: str) -> dict[str, Any]:
    """A state that reads `$x` where a rule has looked at it."""
    rule = {"Condition": "{% " + condition + " %}", "Next": "Z"}
    return machine(
        top={"QueryLanguage": "JSONata"},
        C={"Type": "Choice", "Choices": [rule], "Default": "D"},
        D=pass_(),
        Z=pass_(Output="{% $x %}"),
    )


def nested(outer: str, inner: str, mode: dict[str, Any] | None = None) -> dict[str, Any]:
    """A Map whose inner state assigns one name, behind a state that assigns another."""
    state = map_(mode, **({"ToleratedFailureCount": 1} if mode else {"MaxConcurrency": 1}))
    state["ItemProcessor"]["States"] = {"I": pass_(Assign={inner: 2})}
    return machine(top={"QueryLanguage": "JSONata"}, A=pass_(Assign={outer: 1}, Next="M"), M=state)


REFUSALS: list[Case] = [
    *(
        Case(REFERENCE, f"{broken} looks into nothing", output(broken), output(kept))
        for broken, kept in (
            ("$", "$states.input.a[$ > 1]"),
            ("$.phone", "$states.input.$.phone"),
            ("$string($)", "$states.input.a.$string($)"),
            ("$map($states.input.a, function($x) { $ })", "$map([1], function($x) { $x })"),
            ("{phone: 1}", "$states.input.a{phone: $sum(price)}"),
            ("phone ~> |a|{'b': c}|", "$states.input ~> |phone|{'b': price * 2}, ['c']|"),
            ("(phone).other", "$states.input.(phone; other)"),
            ("[1..phone]", "$states.input.a[[1..phone]]"),
            ("phone^(a)", "$states.input.a^(>phone, <price)"),
            ("States.UUID()", "$uuid()"),
        )
    ),
    Case("invalid-jsonata", "it has an operator of a later version",
         output("$states.input.a ?? 1"), output("$states.input.a ? 1 : 2")),
    Case("invalid-jsonata", "it has the other operator of a later version",
         output("$states.input.a ?: 1"), output("'?:' & '??'")),
    Case("wrong-value", "the query language is misspelled",
         machine(top={"QueryLanguage": "jsonata"}, A=pass_(Output="{% 1 %}")),
         machine(top={"QueryLanguage": "JSONata"}, A=pass_(Output="{% 1 %}"))),
]  # fmt: skip

RISKS: list[Case] = [
    Case("assigned-outer-variable", "a Map's state assigns what a state before it assigned",
         nested("total", "total"), nested("total", "part")),
    Case("assigned-outer-variable", "not the child of a distributed Map",
         nested("total", "total"), nested("total", "total", DISTRIBUTED)),
    *(
        Case(UNDEFINED, f"{kept} defines its variables", output(broken), output(kept))
        for broken, kept in (
            ("$l.a", "$states.input.loans@$l.books[isbn = $l.isbn].title"),
            ("$i", "$states.input.orders#$i.{'n': $i}"),
            ("$states.input.a@$v.b + $v", "$states.input.a@$v.b[$v = c]{$v.k: $v}"),
            ("($y := $y + 1; $y)", "($f := function($n) { $f($n - 1) }; $f(2))"),
            ("($a := 1) + $a", "($a := 1; $b := $a; [$a, $b])"),
            ("function($p) { $q }", "$reduce([1], function($p, $q) { $p + $q })"),
        )
    ),
    *(
        Case(MAYBE, f"{kept} looks before it reads", chosen(broken), chosen(kept))
        for broken, kept in (
            ("$x", "$exists($x) ? $x : 0"),
            ("$exists($x) ? 0 : $x", "$not($exists($x)) ? 0 : $x"),
            ("$exists($x) or $x > 1", "$exists($x) and $x > 1"),
            ("$exists($y) ? $x : 0", "$boolean($x) ? $x.a : 0"),
            ("[$x ~> $string()]", "$x ~> $exists()"),
            ("$type($x) = 'null' ? 1 : $x", "$type($x) = 'number' ? $x : 1"),
            ("$x + 1", "($exists($x)) ? ($x + 1) : 1"),
        )
    ),
    Case(UNDEFINED, "a rule has looked whether it exists",
         tested("$not($exists($x))"), tested("$exists($x) and $x > 1")),
]  # fmt: skip
