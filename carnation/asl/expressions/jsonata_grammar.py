"""The grammar of JSONata 2.0.6: an expression's text becomes the tree that jsonata-python makes.

Reading needs no library: loading it takes as long as four starts of Python, and it is slow. What is
rare or wrong (a regular expression, `%`, the signature of a function, an operator that AWS does not
know, a mistake) is an `UnsureError`: then the library decides, and words the error.
The tree has the attributes that reading asks for, not those for evaluating (`keep_array`).
Source: https://docs.jsonata.org/2.0.0/overview; the parser is Pratt's.
"""

from __future__ import annotations

from collections.abc import Callable

from carnation.asl.expressions.jsonata_tokens import END, Token, Tokens, UnsureError
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

__all__ = ["Node", "UnsureError", "read_tree"]


class Node:
    """A part of an expression; what it does not have is None."""

    lhs: Any = None
    rhs: Any = None
    steps: Any = None
    stages: Any = None
    predicate: Any = None
    group: Any = None
    focus: Any = None
    index: Any = None
    arguments: Any = None
    procedure: Any = None
    body: Any = None
    expression: Any = None
    expressions: Any = None
    lhs_object: Any = None
    condition: Any = None
    then: Any = None
    _else: Any = None
    pattern: Any = None
    update: Any = None
    delete: Any = None
    terms: Any = None
    expr: Any = None

    def __init__(self, type: str, value: Any, position: int, **parts: Any) -> None:
        """Make one of its kind; `position` is where its sign or name ends."""
        self.type, self.value, self.position = type, value, position
        self.__dict__.update(parts)


def read_tree(text: str) -> Node:
    """Read an expression; raises `UnsureError` where the library has to.

    >>> read_tree("$a.b").type
    'path'
    """
    parser = _Parser(text)
    tree = parser.read(0)
    if parser.token.id != END:
        raise UnsureError
    return tree


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = Tokens(text)
        self.token = self.tokens.next(infix=False)

    def advance(self, *, infix: bool) -> Token:
        """Give the token at hand, and go to the next one; a `/` is one where operators may come."""
        token, self.token = self.token, self.tokens.next(infix=infix)
        return token

    def expect(self, sign: str, *, infix: bool = False) -> None:
        if self.token.id != sign:
            raise UnsureError
        self.token = self.tokens.next(infix=infix)

    def accept(self, sign: str) -> bool:
        found = self.token.id == sign
        if found:
            self.token = self.tokens.next(infix=False)
        return found

    def read(self, power: int) -> Node:
        """Read an expression whose operators bind more strongly than `power`."""
        token = self.advance(infix=True)
        begin = _BEGINNINGS.get(token.id)
        if begin is None:
            raise UnsureError
        left = begin(self, token)
        while power < (strength := _POWERS.get(self.token.id, 0)):
            token = self.advance(infix=False)
            left = _CONTINUATIONS.get(token.id, _read_binary)(self, token, left, strength)
        return left

    def read_list(self, end: str, read: Callable[[_Parser], Any]) -> list[Any]:
        """Read what commas part, up to a closing sign."""
        found = []
        if self.token.id != end:
            found.append(read(self))
            while self.accept(","):
                found.append(read(self))
        self.expect(end, infix=True)
        return found


def _read_one(parser: _Parser) -> Node:
    return parser.read(0)


def _read_pair(parser: _Parser) -> list[Node]:
    key = parser.read(0)
    parser.expect(":")
    return [key, parser.read(0)]


# how an expression begins


def _read_name(parser: _Parser, token: Token) -> Node:
    return Node("path", None, 0, steps=[Node("name", token.value, token.position)])


def _read_literal(parser: _Parser, token: Token) -> Node:
    return Node(token.type, token.value, token.position)


def _read_minus(parser: _Parser, token: Token) -> Node:
    operand = parser.read(70)
    if operand.type == "number":
        operand.value = -operand.value
        return operand
    return Node("unary", "-", 0, expression=operand)


def _read_array(parser: _Parser, token: Token) -> Node:
    items = parser.read_list("]", _read_item)
    return Node("unary", "[", token.position, expressions=items)


def _read_item(parser: _Parser) -> Node:
    item, token = parser.read(0), parser.token
    if not parser.accept(".."):
        return item
    return Node("binary", "..", token.position, lhs=item, rhs=parser.read(0))


def _read_object(parser: _Parser, token: Token) -> Node:
    return Node("unary", "{", 0, lhs_object=parser.read_list("}", _read_pair))


def _read_block(parser: _Parser, token: Token) -> Node:
    expressions = []
    while parser.token.id != ")":
        expressions.append(parser.read(0))
        if not parser.accept(";"):
            break
    parser.expect(")", infix=True)
    return Node("block", None, token.position, expressions=expressions)


def _read_wildcard(parser: _Parser, token: Token) -> Node:
    return Node("wildcard" if token.id == "*" else "descendant", token.id, token.position)


def _read_transform(parser: _Parser, token: Token) -> Node:
    node = Node("transform", None, token.position, pattern=parser.read(0))
    parser.expect("|")
    node.update = parser.read(0)
    if parser.accept(","):
        node.delete = parser.read(0)
    parser.expect("|")
    return node


# how it goes on


def _read_binary(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    right = parser.read(power)
    return Node("binary", token.id, token.position, lhs=left, rhs=right)


def _read_step(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    path = _as_path(left)
    rest = parser.read(power)
    if rest.type == "path":
        path.steps.extend(rest.steps)
    else:
        if rest.predicate is not None:
            rest.stages, rest.predicate = rest.predicate, None
        path.steps.append(rest)
    for step in path.steps:
        if step.type in ("number", "value"):
            raise UnsureError
        if step.type == "string":
            step.type = "name"
    return path


def _as_path(node: Node) -> Node:
    return node if node.type == "path" else Node("path", None, 0, steps=[node])


def _last_step(node: Node) -> Node:
    step: Node = node.steps[-1] if node.type == "path" else node
    return step


def _read_call(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    arguments = parser.read_list(")", _read_argument)
    if _is_keyword(left):
        return _read_lambda(parser, token, arguments)
    partial = any(argument.type == "operator" for argument in arguments)
    kind = "partial" if partial else "function"
    return Node(kind, "(", token.position, procedure=left, arguments=arguments)


def _read_argument(parser: _Parser) -> Node:
    if parser.token.id == "?":
        token = parser.advance(infix=False)
        return Node("operator", "?", token.position)
    return parser.read(0)


def _is_keyword(node: Node) -> bool:
    """Return whether a function is defined here, not called."""
    if node.type != "path" or len(node.steps) > 1 or node.group is not None:
        return False
    step = node.steps[0]
    bare = step.stages is None and step.focus is None and step.index is None
    return bare and step.type == "name" and step.value in ("function", "\u03bb")


def _is_variable(node: Node) -> bool:
    return node.type == "variable" and node.group is None and node.predicate is None


def _read_lambda(parser: _Parser, token: Token, arguments: list[Node]) -> Node:
    if not all(map(_is_variable, arguments)):
        raise UnsureError
    parser.expect("{")
    body = parser.read(0)
    parser.expect("}")
    return Node("lambda", None, token.position, arguments=arguments, body=_put_off(body))


def _put_off(node: Node) -> Node:
    """Make a call at the end of a function a function of its own, as the library does."""
    if node.type == "function" and node.predicate is None:
        return Node("lambda", None, node.position, arguments=[], body=node)
    if node.type == "condition":
        node.then = _put_off(node.then)
        node._else = node._else and _put_off(node._else)
    elif node.type == "block" and node.expressions:
        node.expressions[-1] = _put_off(node.expressions[-1])
    return node


def _read_predicate(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    if parser.accept("]"):  # `[]` keeps arrays of one
        return left
    one = Node("filter", None, token.position, expr=parser.read(0))
    parser.expect("]", infix=True)
    step = _last_step(left)
    if step.group is not None:
        raise UnsureError
    if left.type == "path":
        step.stages = [*(step.stages or ()), one]
    else:
        step.predicate = [*(step.predicate or ()), one]
    return left


def _read_group(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    pairs = parser.read_list("}", _read_pair)
    if left.group is not None:
        raise UnsureError
    left.group = Node("", None, 0, lhs_object=pairs)
    return left


def _read_sort(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    parser.expect("(")
    terms = [_read_term(parser)]
    while parser.accept(","):
        terms.append(_read_term(parser))
    parser.expect(")")
    path = _as_path(left)
    path.steps.append(Node("sort", None, token.position, terms=terms))
    return path


def _read_term(parser: _Parser) -> Node:
    if not parser.accept("<"):
        parser.accept(">")
    return Node("", None, 0, expression=parser.read(0))


def _read_bind(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    if not _is_variable(left):
        raise UnsureError
    return Node("bind", ":=", token.position, lhs=left, rhs=parser.read(power - 1))


def _read_focus(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    name, step = _read_variable(parser, power), _last_step(left)
    if step.stages is not None or step.predicate is not None or step.type == "sort":
        raise UnsureError
    step.focus = name
    return left


def _read_index(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    name, path = _read_variable(parser, power), _as_path(left)
    step = path.steps[-1]
    if path is not left and step.predicate is not None:
        step.stages, step.predicate = step.predicate, None
    if step.stages is None:
        step.index = name
    else:
        step.stages.append(Node("index", name, token.position))
    return path


def _read_variable(parser: _Parser, power: int) -> Any:
    found = parser.read(power)
    if not _is_variable(found):
        raise UnsureError
    return found.value


def _read_condition(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    node = Node("condition", None, token.position, condition=left, then=parser.read(0))
    if parser.accept(":"):
        node._else = parser.read(0)
    return node


def _read_apply(parser: _Parser, token: Token, left: Node, power: int) -> Node:
    return Node("apply", "~>", token.position, lhs=left, rhs=parser.read(power))


_BEGINNINGS: dict[str, Callable[[_Parser, Token], Node]] = {
    **dict.fromkeys(("(name)", "and", "or", "in"), _read_name),
    **{"(literal)": _read_literal, "-": _read_minus, "[": _read_array, "{": _read_object},
    **{"(": _read_block, "*": _read_wildcard, "**": _read_wildcard, "|": _read_transform},
}
_CONTINUATIONS: dict[str, Callable[[_Parser, Token, Node, int], Node]] = {
    **{".": _read_step, "(": _read_call, "[": _read_predicate, "{": _read_group, "^": _read_sort},
    **{":=": _read_bind, "@": _read_focus, "#": _read_index, "?": _read_condition},
    **{"~>": _read_apply},
}
_POWERS = {
    **dict.fromkeys(("(", "[", "@", "#"), 80),
    **{".": 75, "{": 70, "*": 60, "/": 60, "%": 60, "+": 50, "-": 50, "&": 50},
    **dict.fromkeys(("=", "<", ">", "!=", "<=", ">=", "^", "~>", "in"), 40),
    **{"and": 30, "or": 25, "?": 20, ":=": 10},
}
