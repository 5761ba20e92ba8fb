"""The door to python-hcl2, and Terraform's expressions worked out as far as files tell.

What only `terraform apply` knows becomes a placeholder named after the expression:
`${aws_lambda_function.pay.arn}`.
Source: https://developer.hashicorp.com/terraform/language/expressions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from carnation.errors import CarnationError, DocumentError

_UNNAMED = re.compile(r"[^A-Za-z0-9_.:-]+")
_ESCAPE = re.compile(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[nrt"\\])')
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*\Z")
_MAX_DEPTH = 120
_SKIPPED = {"new_line_or_comment"}
Call = Callable[[list[Any], "Scope"], Any]


class Unknown:
    """A value that only the deployment knows; `default` is a variable's, where it has one."""

    def __init__(self, text: str, default: Any = None) -> None:
        self.text, self.default = text, default

    def __str__(self) -> str:
        return "${" + _UNNAMED.sub("-", self.text[:200]).strip("-") + "}"


class FileText(str):
    """A text that a file holds; `path` is the file's, `names` the values that it is filled with."""

    path: str
    names: Mapping[str, Any]

    def __new__(cls, text: str, path: str, names: Mapping[str, Any]) -> FileText:
        """Make a text that knows its file."""
        made = super().__new__(cls, text)
        made.path, made.names = path, names
        return made


class Encoded:
    """A value within `jsonencode(…)`, and the part of the tree that it was written as."""

    def __init__(self, value: Any, tree: Any) -> None:
        self.value, self.tree = value, tree


def parse_hcl(text: str, where: str) -> Any:
    """Parse a text of Terraform's; raises `DocumentError`, or `CarnationError` without a parser."""
    try:
        from hcl2.api import parses_to_tree
        from lark.exceptions import LarkError, UnexpectedInput
    except ImportError as error:
        raise CarnationError(
            "reading Terraform requires python-hcl2, which is not installed. Install it with: "
            "pip install 'carnation[terraform]'"
        ) from error
    try:
        return parses_to_tree(text)
    except (LarkError, RecursionError) as error:
        place = (error.line, error.column) if isinstance(error, UnexpectedInput) else (1, 1)
        raise DocumentError(
            "this is not valid Terraform. Fix the file: terraform validate shows details.",
            where, max(1, int(place[0])), max(1, int(place[1])),
        ) from error  # fmt: skip


def children(tree: Any) -> list[Any]:
    """Return the parts of a node, without line breaks and comments."""
    return [one for one in tree.children if kind_of(one) not in _SKIPPED and one is not None]


def kind_of(node: Any) -> str:
    """Return the name of a node's rule, or of a token's terminal."""
    return str(getattr(node, "data", None) or getattr(node, "type", ""))


class Way:
    """Which branch of each condition is taken: the first (`taken`), or the other one.

    `split` tells that there was a condition between parts of a definition, `is_open` that there was
    one between texts, which stay placeholders unless the way `is_exact`.
    """

    def __init__(self, taken: bool = True, *, is_exact: bool = False) -> None:
        self.taken, self.is_exact = taken, is_exact
        self.split = self.is_open = False


class Scope:
    """What names represent while expressions of one file are worked out.

    `look_up` gives a local value, a variable, what `path.module` is; `way` says which branch of a
    condition is taken.
    """

    def __init__(
        self,
        text: str,
        look_up: Callable[[str, str], Any],
        functions: Mapping[str, Call],
        way: Way | None = None,
    ) -> None:
        self.text, self.look_up, self.functions = text, look_up, functions
        self.way = way or Way()
        self.names: dict[str, Any] = {}
        self.depth = 0

    def evaluate(self, node: Any) -> Any:
        """Work an expression out; what is not known here is `Unknown`."""
        rule = _RULES.get(kind_of(node))
        if rule is None or self.depth > _MAX_DEPTH:
            return self.unknown(node)
        self.depth += 1
        try:
            return rule(self, node)
        finally:
            self.depth -= 1

    def unknown(self, node: Any) -> Unknown:
        """Return an expression as it is written."""
        meta = getattr(node, "meta", None)
        if meta is not None and not meta.empty:
            return Unknown(self.text[meta.start_pos : meta.end_pos])
        return Unknown(str(node))

    def render(self, text: str) -> str:
        """Fill a template, `${…}` and `%{…}`; what is not known stays as a placeholder."""
        parts: list[str] = []
        skipping: list[bool] = []
        for kind, part in split_template(text):
            if kind == "%":
                _note_directive(part, skipping, self.way.taken)
            elif not any(skipping):
                parts.append(part if kind == "" else render_text(self.evaluate_text(part)))
        return "".join(parts)

    def evaluate_text(self, expression: str) -> Any:
        """Work out an expression that is a text."""
        expression = expression.strip().strip("~").strip()
        if _NAME.match(expression):
            first, *rest = expression.split(".")
            value: Any = self.names.get(first, Unknown(first))
            for name in rest:
                value = get_attribute(self, value, name)
            return value
        try:
            tree = parse_hcl(f"x = {expression}", "template")
        except DocumentError:
            return Unknown(expression)
        inner = Scope(f"x = {expression}\n", self.look_up, self.functions, self.way)
        inner.names, inner.depth = self.names, self.depth + 1
        return inner.evaluate(children(children(tree)[0])[0].children[-1])


def render_text(value: Any) -> str:
    """Write a value into a text, as Terraform does."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Encoded):
        import json

        return json.dumps(plain(value.value))
    if isinstance(value, (Mapping, list)) or value is None:
        return "${value}"
    return str(value)


def plain(value: Any) -> Any:
    """Copy a value with what is unknown written as placeholders."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Encoded):
        return render_text(value)
    return str(value) if isinstance(value, (Unknown, FileText)) else value


def split_template(text: str) -> Iterator[tuple[str, str]]:
    """Split a template: ('', text), ('$', expression), ('%', directive)."""
    start = at = 0
    while (at := _find_mark(text, at)) >= 0:
        mark = text[at]
        if text[at - 1 : at] == mark and at > start:  # $${ is a text
            yield "", text[start : at - 1] + text[at : at + 2]
            start = at = at + 2
            continue
        end = _find_end(text, at + 2)
        if end < 0:
            break
        yield "", text[start:at]
        yield mark, text[at + 2 : end]
        start = at = end + 1
    yield "", text[start:]


def _find_mark(text: str, start: int) -> int:
    found = [at for at in (text.find("${", start), text.find("%{", start)) if at >= 0]
    return min(found, default=-1)


def _find_end(text: str, start: int) -> int:
    """Find the brace that closes an expression; those in its texts are none."""
    depth, quoted, at = 0, False, start
    while at < len(text):
        char = text[at]
        if quoted:
            quoted = char != '"'
            at += char == "\\"
        elif char == '"':
            quoted = True
        elif char == "{":
            depth += 1
        elif char == "}":
            if not depth:
                return at
            depth -= 1
        at += 1
    return -1


def _note_directive(part: str, skipping: list[bool], taken: bool) -> None:
    """Follow `%{if}`, `%{else}`, `%{endif}`, `%{for}`: the other branch is skipped."""
    word = (part.strip("~ \t").split() or [""])[0]
    if word in ("if", "for"):
        skipping.append(word == "if" and not taken)
    elif word == "else" and skipping:
        skipping[-1] = taken
    elif word in ("endif", "endfor") and skipping:
        skipping.pop()


def get_attribute(scope: Scope, value: Any, name: str) -> Any:
    """Return `value.name`."""
    if isinstance(value, Mapping):
        return value.get(name, Unknown(name))
    if isinstance(value, Unknown):
        return scope.look_up(value.text, name)
    return Unknown(name)


def unescape(text: str) -> str:
    """Return the characters that a quoted text of Terraform represents."""

    def replace(match: re.Match[str]) -> str:
        word = match[1]
        return _CHARACTERS[word] if word in _CHARACTERS else chr(int(word[1:], 16))

    return _ESCAPE.sub(replace, text)


def strip_heredoc(token: str, *, trim: bool) -> str:
    """Return the text between the marks of a heredoc, less its indentation if `trim`."""
    lines = token.rstrip("\r\n").replace("\r\n", "\n").split("\n")[1:-1]
    if trim:
        indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
        least = min(indents, default=0)
        lines = [line[least:] for line in lines]
    return "\n".join(lines) + "\n"


def _read_term(scope: Scope, node: Any) -> Any:
    inner = [one for one in children(node) if kind_of(one) not in ("LPAR", "RPAR")]
    return scope.evaluate(inner[0]) if len(inner) == 1 else scope.unknown(node)


def _read_string(scope: Scope, node: Any) -> Any:
    parts: list[Any] = []
    skipping: list[bool] = []
    for part in node.children:
        if kind_of(part) != "string_part":
            continue
        inner = part.children[0]
        kind = kind_of(inner)
        if kind.startswith("template_"):
            word = kind.removeprefix("template_").removesuffix("_start")
            _note_directive(word, skipping, scope.way.taken)
        elif any(skipping):
            continue
        elif kind == "interpolation":
            parts.append(scope.evaluate(inner.children[1]))
        elif kind.startswith("ESCAPED"):
            parts.append(str(inner)[1:])
        else:
            parts.append(unescape(str(inner)))
    if len(parts) == 1:
        return parts[0]
    return "".join(render_text(part) for part in parts)


def _read_heredoc(scope: Scope, node: Any) -> str:
    trim = kind_of(node).endswith("trim")
    return scope.render(strip_heredoc(str(node.children[0]), trim=trim))


def _read_identifier(scope: Scope, node: Any) -> Any:
    name = str(node.children[0])
    return scope.names.get(name, Unknown(name))


def _read_attribute(scope: Scope, node: Any) -> Any:
    holder, attribute = children(node)
    name = str(children(attribute)[-1].children[0])
    return get_attribute(scope, scope.evaluate(holder), name)


def _read_index(scope: Scope, node: Any) -> Any:
    holder, index = children(node)
    inner = [one for one in children(index) if kind_of(one) not in ("LSQB", "RSQB", "DOT")]
    value = scope.evaluate(holder)
    key = scope.evaluate(inner[0]) if hasattr(inner[0], "data") else int(inner[0])
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    if isinstance(value, Mapping) and isinstance(key, str) and key in value:
        return value[key]
    return scope.unknown(node)


def _read_tuple(scope: Scope, node: Any) -> list[Any]:
    return [scope.evaluate(one) for one in children(node) if hasattr(one, "data")]


def read_key(scope: Scope, node: Any) -> str:
    """Return the key of an object's element: a bare word is itself."""
    inner = children(node)[0]
    term = children(inner)[0] if kind_of(inner) == "expr_term" else inner
    if kind_of(term) == "identifier":
        return str(term.children[0])
    if kind_of(inner) == "keyword" or kind_of(term) == "keyword":
        return str(term.children[0])
    return render_text(scope.evaluate(inner))


def _read_object(scope: Scope, node: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for element in children(node):
        if kind_of(element) == "object_elem":
            key, *_, value = children(element)
            made[read_key(scope, key)] = scope.evaluate(value)
    return made


def _read_literal(scope: Scope, node: Any) -> Any:
    return {"true": True, "false": False, "null": None}[str(node.children[0])]


def _read_conditional(scope: Scope, node: Any) -> Any:
    """Take one of two parts of a definition; two texts or numbers stay a placeholder."""
    parts = [one for one in children(node) if hasattr(one, "data")]
    branches = [scope.evaluate(one) for one in parts[1:3]]
    if all(isinstance(one, (str, int, float, bool)) or one is None for one in branches) and not any(
        isinstance(one, FileText) for one in branches
    ):
        scope.way.is_open = True
        if not scope.way.is_exact:
            return Unknown(scope.unknown(node).text, branches[0 if scope.way.taken else 1])
    else:
        scope.way.split = True
    return branches[0 if scope.way.taken else 1]


def _read_call(scope: Scope, node: Any) -> Any:
    name = str(children(node)[0].children[0])
    function = scope.functions.get(name)
    given = [one for one in children(node) if kind_of(one) == "arguments"]
    trees = [one for one in children(given[0]) if hasattr(one, "data")] if given else []
    if name == "jsonencode" and len(trees) == 1:
        return Encoded(scope.evaluate(trees[0]), trees[0])
    if function is None:
        return scope.unknown(node)
    try:
        value = function([scope.evaluate(one) for one in trees], scope)
    except (TypeError, ValueError, AttributeError, IndexError):
        return scope.unknown(node)
    return scope.unknown(node) if value is None else value


def _read_for(scope: Scope, node: Any) -> Any:
    """Work a `for` out over a collection that is known; else once, for whatever it holds."""
    parts = [one for one in children(node) if hasattr(one, "data")]
    intro = [one for one in children(parts[0]) if hasattr(one, "data")]
    *names, collection = intro
    titles = [str(name.children[0]) for name in names]
    outer = dict(scope.names)
    made: list[tuple[Any, ...]] = []
    bodies = [one for one in parts[1:] if kind_of(one) != "for_cond"]
    for key, item in _list_pairs(scope.evaluate(collection), titles[-1]):
        scope.names = {**outer, titles[-1]: item, **({titles[0]: key} if len(titles) > 1 else {})}
        made.append(tuple(scope.evaluate(body) for body in bodies))
    scope.names = outer
    if kind_of(node) == "for_tuple_expr":
        return [one[0] for one in made]
    return {render_text(one[0]): one[1] for one in made if len(one) > 1}


def _list_pairs(collection: Any, name: str) -> list[tuple[Any, Any]]:
    if isinstance(collection, Mapping):
        return list(collection.items())[:1000]
    if isinstance(collection, list):
        return list(enumerate(collection))[:1000]
    return [(Unknown(f"{name}.key"), Unknown(name))]


_RULES: dict[str, Callable[[Scope, Any], Any]] = {
    "expr_term": _read_term,
    "string": _read_string,
    "heredoc_template": _read_heredoc,
    "heredoc_template_trim": _read_heredoc,
    "identifier": _read_identifier,
    "get_attr_expr_term": _read_attribute,
    "index_expr_term": _read_index,
    "tuple": _read_tuple,
    "object": _read_object,
    "literal_value": _read_literal,
    "int_lit": lambda scope, node: int(node.children[0]),
    "float_lit": lambda scope, node: float(node.children[0]),
    "conditional": _read_conditional,
    "function_call": _read_call,
    "for_tuple_expr": _read_for,
    "for_object_expr": _read_for,
}
