"""What a JSONata expression uses, read from its syntax tree with the contexts of the language.

A bare name or `$` is the context of its place: the value of the step before, of the item that a
predicate, a sort, a group-by or a transform looks at, or, at the top, what AWS does not have. A
variable belongs to the workflow unless a block, a function, `@` or `#` binds it, and it may be
guarded: looked at only where a test has said that it is there.
Source: https://docs.jsonata.org/2.0.0/overview
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from carnation.asl.expressions.jsonata_guards import NO_NAMES, Names, known_if, type_of
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeAlias

_KINDS = ("function", "variable", "name", "$", "states", "call")
_TESTS = frozenset({"exists", "boolean", "not", "type", "count"})


class FunctionReference(NamedTuple):
    """A function, a variable or a bare name that an expression uses, and its column."""

    name: str
    column: int


class StatesUse(NamedTuple):
    """A use of `$states`: the names that follow it, as far as they are plain."""

    path: tuple[str, ...]
    column: int


class Call(NamedTuple):
    """A call of a function by name: its arguments, those that are strings by their value."""

    name: str
    arguments: tuple[str | None, ...]
    column: int


class Uses(NamedTuple):
    """What an expression uses.

    `fields` are the bare names at the top and `contexts` the `$` there, of which AWS has none;
    `variables` are those that the expression does not define itself, `unguarded` the names of those
    that are looked at without a test; `when_true` and `when_false` name the variables that surely
    have a value where the whole expression is true or false.
    """

    functions: tuple[FunctionReference, ...]
    variables: tuple[FunctionReference, ...]
    fields: tuple[FunctionReference, ...]
    contexts: tuple[FunctionReference, ...]
    states: tuple[StatesUse, ...]
    calls: tuple[Call, ...]
    unguarded: Names
    when_true: Names
    when_false: Names


class _Place(NamedTuple):
    """Where a node is: at the top; names bound here, and later in the block; names tested."""

    at_top: bool = True
    own: Names = NO_NAMES
    later: Names = NO_NAMES
    safe: Names = NO_NAMES
    tested: bool = False

    def inside(self) -> _Place:
        """Return the place of what is evaluated in the context of a value."""
        changed = self.at_top or self.tested
        return self._replace(at_top=False, tested=False) if changed else self

    def plain(self) -> _Place:
        return self._replace(tested=False) if self.tested else self

    def bind(self, names: Collection[str]) -> _Place:
        if not names:
            return self
        more = self.own.union(names)
        return self if len(more) == len(self.own) else self._replace(own=more)

    def guard(self, names: Names) -> _Place:
        return self._replace(safe=self.safe | names, tested=False)


Walk: TypeAlias = "Iterator[tuple[Any, _Place]]"


def find_uses(ast: Any, *, binds: bool = True) -> Uses:
    """Walk the tree of an expression; `binds` tells whether there is a `:=` in it."""
    found: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    unguarded: set[str] = set()
    for node, place in _walk(ast, binds=binds):
        for kind, use in _uses_of(node, place):
            found[kind].append(use)
            if kind == "variable" and not place.tested and use.name not in place.safe:
                unguarded.add(use.name)
    functions, variables, fields, contexts, states, calls = map(tuple, found.values())
    true, false = known_if(ast, holds=True), known_if(ast, holds=False)
    free = frozenset(unguarded)
    return Uses(functions, variables, fields, contexts, states, calls, free, true, false)


def _walk(ast: Any, *, binds: bool = True) -> Walk:
    """Yield every node with its place, in the order in which the text has them."""
    bound = _bound_in([ast]) if binds else frozenset()
    waiting: list[tuple[Any, _Place]] = [(ast, _Place(own=bound - _root_names(ast), later=bound))]
    seen: set[int] = set()
    while waiting:
        node, place = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        yield node, place
        waiting.extend(reversed([*_children(node, place)]))


def _uses_of(node: Any, place: _Place) -> Iterator[tuple[str, Any]]:
    if node.type in ("function", "partial") and type_of(node.procedure) == "variable":
        name = node.procedure.value
        kind = "variable" if name in place.own else "function"
        if kind == "function":
            column = node.procedure.position - len(name)
            yield kind, FunctionReference(name, column)
            yield "call", Call(name, tuple(map(_string_of, node.arguments)), column)
    elif node.type == "variable" and node.value == "":
        if place.at_top:
            yield "$", FunctionReference("$", node.position)
    elif node.type == "variable" and node.value not in place.own:
        yield "variable", FunctionReference(node.value, node.position - len(str(node.value)))
    elif node.type == "name" and place.at_top:
        yield "name", FunctionReference(str(node.value), node.position - len(str(node.value)) + 1)
    if node.type == "path" and _is_states(node.steps[0], place):
        yield "states", StatesUse(_names_after(node.steps), node.steps[0].position - len("states"))


def _string_of(argument: Any) -> str | None:
    return str(argument.value) if type_of(argument) == "string" else None


def _is_states(node: Any, place: _Place) -> bool:
    return node.type == "variable" and node.value == "states" and "states" not in place.own


def _names_after(steps: list[Any]) -> tuple[str, ...]:
    names = []
    for step in steps[1:]:
        if step.type != "name":
            break
        names.append(str(step.value))
    return tuple(names)


def _children(node: Any, place: _Place) -> Walk:
    """Return what is below a node, each with its place."""
    if node.type == "path":
        yield from _walk_path(node, place)
        return
    walk = _CHILDREN.get(node.type)
    if walk:
        yield from walk(node, place)
    if node.predicate or node.stages or node.group:
        yield from _walk_filters(node, place)


def _walk_filters(node: Any, place: _Place) -> Walk:
    """Return predicates, stages and the group-by: they look at the items of the node's value."""
    inside = place.inside().bind(_focus_of(node))
    for filters in (node.predicate, node.stages):
        for one in filters or ():
            if one.type == "index":
                inside = inside.bind([str(one.value)])
            yield one.expr, inside
    if node.group is not None:
        yield from _walk_pairs(node.group.lhs_object, inside)


def _focus_of(node: Any) -> list[str]:
    """Name the variables that `@` and `#` bind at a step."""
    if not (node.stages or node.focus or node.index):
        return []
    indexes = [one.value for one in node.stages or () if one.type == "index"]
    names = [node.focus, node.index, *indexes]
    return [name for name in names if isinstance(name, str)]


def _walk_path(node: Any, place: _Place) -> Walk:
    within, inside = place, place.inside()
    for step in node.steps:
        yield step, within
        within = inside = inside.bind(_focus_of(step))
    if node.group is not None:
        yield from _walk_pairs(node.group.lhs_object, within)


def _walk_pairs(pairs: Any, place: _Place) -> Walk:
    for key, value in pairs or ():
        yield key, place
        yield value, place


def _walk_binary(node: Any, place: _Place) -> Walk:
    yield node.lhs, place
    if node.value == "and":
        yield node.rhs, place._replace(safe=place.safe | known_if(node.lhs, holds=True))
    elif node.value == "or":
        yield node.rhs, place._replace(safe=place.safe | known_if(node.lhs, holds=False))
    else:
        yield node.rhs, place


def _walk_apply(node: Any, place: _Place) -> Walk:
    yield node.lhs, place._replace(tested=_is_test(node.rhs))
    yield node.rhs, place.plain()


def _is_test(procedure: Any) -> bool:
    if type_of(procedure) in ("function", "partial"):
        procedure = procedure.procedure
    return type_of(procedure) == "variable" and procedure.value in _TESTS


def _walk_unary(node: Any, place: _Place) -> Walk:
    place = place.plain()
    for item in node.expressions or ():
        yield item, place
    yield from _walk_pairs(node.lhs_object, place)
    yield node.expression, place


def _walk_call(node: Any, place: _Place) -> Walk:
    if type_of(node.procedure) != "variable":
        yield node.procedure, place.plain()
    elif node.procedure.value in place.own:
        yield node.procedure, place
    within = place._replace(tested=_is_test(node.procedure))
    for argument in node.arguments:
        if hasattr(argument, "type"):
            yield argument, within


def _walk_lambda(node: Any, place: _Place) -> Walk:
    names = {str(argument.value) for argument in node.arguments}
    bound = _bound_in([node.body])
    yield node.body, place.plain().bind(names | place.later | (bound - _root_names(node.body)))


def _walk_condition(node: Any, place: _Place) -> Walk:
    yield node.condition, place._replace(tested=True)
    yield node.then, place.guard(known_if(node.condition, holds=True))
    yield node._else, place.guard(known_if(node.condition, holds=False))


def _walk_block(node: Any, place: _Place) -> Walk:
    place = place.plain()
    place = place._replace(later=place.later | _bound_in(node.expressions))
    for expression in node.expressions:
        bound = _bound_in([expression])
        yield expression, place.bind(bound - _root_names(expression))
        place = place.bind(bound)


def _walk_bind(node: Any, place: _Place) -> Walk:
    yield node.rhs, place.plain()


def _walk_transform(node: Any, place: _Place) -> Walk:
    inside = place.inside()
    for part in (node.pattern, node.update, node.delete):
        yield part, inside


def _walk_sort(node: Any, place: _Place) -> Walk:
    for term in node.terms:
        yield term.expression, place.inside()


_CHILDREN = {
    "binary": _walk_binary,
    "apply": _walk_apply,
    "unary": _walk_unary,
    "function": _walk_call,
    "partial": _walk_call,
    "lambda": _walk_lambda,
    "condition": _walk_condition,
    "block": _walk_block,
    "bind": _walk_bind,
    "transform": _walk_transform,
    "sort": _walk_sort,
}


def _root_names(node: Any) -> Names:
    """List the names that an expression binds as a whole, and its own value has not."""
    names = set()
    while type_of(node) == "bind":
        names.add(str(node.lhs.value))
        node = node.rhs
    return frozenset(names)


def _bound_in(nodes: list[Any]) -> Names:
    """List the names that expressions bind with `:=`, outside of their blocks and functions."""
    names, waiting = set(), [*nodes]
    while waiting:
        node = waiting.pop()
        if not hasattr(node, "type") or node.type in ("block", "lambda"):
            continue
        if node.type == "bind":
            names.add(str(node.lhs.value))
        waiting += [child for child, _ in _children(node, _Place())]
    return frozenset(names)


def walk_tree(ast: Any) -> Iterator[Any]:
    """Yield every node of a syntax tree, in the order in which the text has them."""
    return (node for node, _ in _walk(ast))
