"""Refusals about the graph: its shape, its names, its transitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl.fields import STATE_TYPES
from carnation.asl.graph import Problem, Scope, State
from carnation.asl.kinds import is_placeholder
from carnation.linter.findings import WARNING, refusal, risk
from carnation.linter.machine import Machine

_MAX_BYTES = 1024 * 1024
_MAX_NAME_LENGTH = 80


@refusal("malformed-definition")
def find_malformed(machine: Machine) -> Iterator[Problem]:
    """A part of the definition has another shape than the language gives it.

    Problem: a list is where a mapping belongs, a number where a name belongs. AWS rejects the
    definition, and nothing inside that part can be checked.
    Solution: give the part the shape that the message names.
    Source: https://states-language.net/spec.html#structure-of-a-state-machine
    """
    yield from machine.malformed


@refusal("definition-too-large", "INVALID_DEFINITION")
def find_size(machine: Machine) -> Iterator[Problem]:
    """The definition has more than 1 MiB.

    Problem: CreateStateMachine accepts definitions of up to 1,048,576 bytes.
    Solution: move a part of the graph into a state machine of its own and start its execution.
    Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    """
    if machine.size > _MAX_BYTES:
        yield Problem("", f"the definition has {machine.size:,} bytes; the limit is {_MAX_BYTES:,}")


@refusal("unknown-state-type")
def find_unknown_types(machine: Machine) -> Iterator[Problem]:
    """A state has no type, or one that does not exist.

    Problem: every state says in `Type` which of the eight types it is.
    Solution: write Pass, Task, Choice, Wait, Succeed, Fail, Parallel or Map, with this case.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    for state in machine.states:
        if not state.place and not is_placeholder(state.type):
            if "Type" not in state.body:
                yield state.problem("the state has no 'Type'")
                continue
            near = machine.suggest(state.type, STATE_TYPES)
            yield state.problem(f"unknown state type '{state.type[:40]}'.{near}", "/Type")


@refusal("no-states", "MISSING_DESCRIPTION")
def find_empty_scopes(machine: Machine) -> Iterator[Problem]:
    """A graph has no states, or a Parallel no branches, or a Choice no rules.

    Problem: an empty graph cannot be started, an empty list of rules decides nothing.
    Solution: give it at least one.
    Source: https://states-language.net/spec.html
    """
    for scope in machine.scopes:
        if scope.body.get("States") == {}:
            yield scope.problem("the graph has no states", "/States")
    for place, field in (("Parallel", "Branches"), ("Choice", "Choices")):
        for state in machine.by_type[place]:
            if state.body.get(field) == []:
                yield state.problem(f"'{field}' is empty", f"/{field}")


@refusal("invalid-state-name", "INVALID_STATE_NAME")
def find_bad_names(machine: Machine) -> Iterator[Problem]:
    """A state's name is empty or longer than 80 characters.

    Problem: AWS accepts names of 1 to 80 characters.
    Solution: shorten the name, and its transitions with it; put the rest into `Comment`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    for state in machine.states:
        if not 0 < len(state.name) <= _MAX_NAME_LENGTH and not is_placeholder(state.name):
            yield state.problem(f"a state's name has 1 to 80 characters; it has {len(state.name)}")


@refusal("duplicate-state-name", "DUPLICATE_STATE_NAME")
def find_repeated_names(machine: Machine) -> Iterator[Problem]:
    """Two states of one state machine have the same name.

    Problem: a name is used once in the whole definition, the graphs of its Maps and Parallels
    included, even if the two can never be confused.
    Solution: rename one of them, and the transitions to it.
    Source: https://states-language.net/spec.html#toplevelfields
    """
    for state in machine.repeated:
        first = machine.by_name[state.name]
        yield state.problem(f"another state is named '{state.name}' too, at {first.pointer}")


@refusal("repeated-key", "INVALID_JSON_DESCRIPTION")
def find_repeated_keys(machine: Machine) -> Iterator[Problem]:
    """A key is used twice in one mapping.

    Problem: readers of JSON keep one of the two and drop the other without a word, and not all of
    them keep the same one. Two states of one name in one `States` are such a case.
    Solution: take one of them out, or rename it.
    Source: https://states-language.net/spec.html#structure-of-a-state-machine
    """
    yield from ()  # the reader finds them; `carnation.linter.runner` reports them under this id


@risk("byte-order-mark", WARNING)
def find_byte_order_marks(machine: Machine) -> Iterator[Problem]:
    """The file begins with a byte order mark.

    Problem: three invisible bytes are before the first brace; readers of JSON stumble over them.
    Solution: save the file as UTF-8 without a byte order mark.
    Source: https://www.rfc-editor.org/rfc/rfc8259#section-8.1
    """
    yield from ()  # the reader finds it, as above


@refusal("unreadable-document", "INVALID_JSON_DESCRIPTION")
def find_unreadable(machine: Machine) -> Iterator[Problem]:
    """The file, or the text in a template that should be a definition, cannot be read.

    Problem: it is not the JSON or YAML that its name promises.
    Solution: fix it at the line and column that the message names.
    Source: https://www.rfc-editor.org/rfc/rfc8259
    """
    yield from ()  # what cannot be read has no machine; `carnation.cli.lint` reports it


@risk("undefined-substitution", WARNING)
def find_undefined_substitutions(machine: Machine) -> Iterator[Problem]:
    """A definition in a template has a `${Name}` that the template gives no value to.

    Problem: CloudFormation leaves the text as it is, and Step Functions rejects it or sends
    eleven characters where a value was meant.
    Solution: name it in `DefinitionSubstitutions`, or write the text with `Fn::Sub`.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
    """
    yield from ()  # the reader of templates finds them


@refusal("missing-target", "MISSING_TRANSITION_TARGET")
def find_missing_targets(machine: Machine) -> Iterator[Problem]:
    """A transition goes to a state that does not exist in its scope.

    Problem: `StartAt`, `Next` and `Default` name states of the same graph. A state inside a Map or
    a branch cannot move to one outside, nor the other way round.
    Solution: correct the name, or let the inner graph end and move on from the Map or Parallel.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    for scope in machine.scopes:
        start = scope.body.get("StartAt")
        if isinstance(start, str) and start not in scope.states and not is_placeholder(start):
            yield scope.problem(_describe_missing(machine, scope, start), "/StartAt")
    for state in machine.states:
        for move in state.transitions:
            if move.target not in state.scope.states and not is_placeholder(move.target):
                yield state.problem(
                    _describe_missing(machine, state.scope, move.target), move.field
                )


def _describe_missing(machine: Machine, scope: Scope, target: str) -> str:
    if target in machine.by_name:
        pointer = machine.by_name[target].pointer
        return f"'{target}' is in another graph ({pointer}); a transition cannot leave its own"
    return f"state '{target}' not found.{machine.suggest(target, scope.states)}"


@refusal("start-at-is-no-name")
def find_bad_starts(machine: Machine) -> Iterator[Problem]:
    """`StartAt` is not a string.

    Problem: a graph starts at the state that `StartAt` names.
    Solution: write the name of a state of this graph.
    Source: https://states-language.net/spec.html#toplevelfields
    """
    for scope in machine.scopes:
        if not isinstance(scope.body.get("StartAt", ""), str):
            yield scope.problem("'StartAt' must be the name of a state", "/StartAt")


@refusal("unreachable-state", "MISSING_TRANSITION_TARGET")
def find_unreachable(machine: Machine) -> Iterator[Problem]:
    """A state cannot be reached from `StartAt`.

    Problem: no way through transitions, rules and catchers leads from the start of the graph to
    this state, so AWS rejects it. A ring of states that only reach each other is such a case too.
    Solution: add the transition that was forgotten, or take the state out.
    Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
    """
    for scope in machine.scopes:
        if len(scope.reached) == len(scope.states) or not scope.reached or _is_open(scope):
            continue
        reached = {state.name for state in scope.reached}
        for state in scope.states.values():
            if state.name not in reached:
                yield state.problem("no path from 'StartAt' reaches this state")


def _is_open(scope: Scope) -> bool:
    """Return whether a substitution may name any state: then all may be reachable."""
    return any(
        is_placeholder(move.target) and move.target not in scope.states
        for state in scope.states.values()
        for move in state.transitions
    )


@refusal("no-terminal-state", "MISSING_END_STATE")
def find_endless(machine: Machine) -> Iterator[Problem]:
    """The state machine has no state at its top level in which it could end.

    Problem: without a Succeed, a Fail or a state with `"End": true` no execution ever ends. AWS
    looks at the top level only.
    Solution: give the last state `"End": true`, or move it to a Succeed.
    Source: https://states-language.net/spec.html#transition
    """
    states: Mapping[str, State] = machine.top.states
    if states and not any(state.is_terminal() or _is_unknown(state) for state in states.values()):
        yield Problem("/States", 'no state can end the execution; add "End": true')


def _is_unknown(state: State) -> bool:
    return not state.place or is_placeholder(state.body.get("End"))
