"""Pure code: whether a definition can read nothing but files, by what its source names.

For the build cache, which sees each file that is opened and nothing else: not the clock, not the
environment, not whether a file is there. So a definition may name modules that read nothing, of
those that read more the parts that do not, and files. What is not known to be harmless is rejected:
a definition that is rejected is made again each time, and one that is not can be believed.
"""

from __future__ import annotations

import _ast as ast  # the classes and the flag alone: `ast` around them costs as much again
import os
import sys
from collections.abc import Collection, Iterator

from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_FREE = frozenset({
    "__future__", "abc", "awacs", "base64", "binascii", "bisect", "collections", "contextlib",
    "copy", "csv", "dataclasses", "datetime", "enum", "fractions", "functools", "graphlib",
    "hashlib", "heapq", "html", "ipaddress", "itertools", "json", "keyword", "math", "numbers",
    "re", "statistics", "string", "textwrap", "tomllib", "troposphere", "typing",
    "typing_extensions", "unicodedata", "yaml", "zlib",
})  # fmt: skip
"""Modules, and what is below them, that read nothing, but by a name that is rejected."""
_FREE_ROOMS = frozenset({"errors", "patterns", "resources", "stacks", "states"})
"""The packages of carnation of which the same is true."""
_PARTS = {
    "carnation": {
        "Bucket", "CarnationError", "Function", "Table", "Workflow", "event_stacks",
        "make_definition", *_FREE_ROOMS,
    },
    "carnation.document": {
        "Document", "dump_json", "dump_yaml", "parse_document", "parse_json", "parse_yaml",
        "read_document", "read_file", "read_text_file",
    },
    "carnation.lazy": {"TYPE_CHECKING"},
    "carnation.workflow": {"Workflow"},
    "decimal": {"Decimal", "ROUND_DOWN", "ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_UP"},
    "operator": {"add", "and_", "contains", "eq", "getitem", "itemgetter", "mul", "or_", "sub"},
    "os": {"PathLike", "fspath", "path", "sep"},
    "os.path": {"basename", "dirname", "join", "normpath", "sep", "split", "splitext"},
    "pathlib": {"Path", "PurePath", "PurePosixPath"},
    "types": {"MappingProxyType", "NoneType", "SimpleNamespace"},
    "urllib.parse": {"parse_qs", "quote", "unquote", "urlencode", "urljoin", "urlparse"},
    "uuid": {"NAMESPACE_DNS", "NAMESPACE_OID", "NAMESPACE_URL", "UUID", "uuid3", "uuid5"},
}  # fmt: skip
"""Modules that read more: the names that may be taken from them."""
_BUILTINS = frozenset({
    "__builtins__", "__import__", "breakpoint", "compile", "copyright", "credits", "delattr",
    "dir", "eval", "exec", "exit", "getattr", "globals", "hash", "help", "id", "input", "license",
    "locals", "print", "quit", "setattr", "vars",
})  # fmt: skip
"""Names that read, print, give what differs from run to run, or reach all others."""
_NAMES = frozenset({"dir", "hash", "help", "id", "input", "license", "vars"})
"""Builtins whose names a source may well give to something else."""
_DUNDERS = frozenset({
    "__all__", "__annotations__", "__call__", "__class__", "__contains__", "__doc__", "__eq__",
    "__file__", "__getitem__", "__init__", "__init_subclass__", "__iter__", "__len__",
    "__members__", "__name__", "__post_init__", "__repr__", "__str__",
})  # fmt: skip
_PRIVATE = frozenset({"_asdict", "_fields", "_make", "_replace"})
_ATTRIBUTES = frozenset({
    "CodeType", "ForwardRef", "Formatter", "FunctionType", "astimezone", "attrgetter", "bltns",
    "format_map", "fromtimestamp", "get_type_hints", "getcontext", "localcontext", "methodcaller",
    "now", "setcontext", "timestamp", "today", "utcnow",
})  # fmt: skip
"""Attributes of the modules that are free, and of their objects, that read a clock or reach all."""
_HARMLESS = frozenset({
    "PathLike", "Path", "as_posix", "basename", "dirname", "error", "fspath", "is_absolute",
    "is_relative_to", "joinpath", "match", "name", "normpath", "open", "parent", "parents",
    "parts", "path", "read", "read_bytes", "read_text", "relative_to", "sep", "splitext", "stem",
    "suffix", "suffixes", "with_name", "with_stem", "with_suffix",
})  # fmt: skip
"""Attributes of `os`, `os.path` and paths that read nothing, or open a file."""
_OF_VALUES = frozenset().union(*map(dir, (str, bytes, list, dict, set, tuple, int, float)))
_RESOLVING = frozenset({"abspath", "realpath", "resolve"})


class Names(NamedTuple):
    """What a source names: the reason why it may read more than files, and its imports.

    `reason` is '' where there is none; `imports` are the top-level modules that it imports, by
    absolute name, wherever it does.
    """

    reason: str
    imports: set[str]


def read_names(source: bytes, own: Collection[str] = ()) -> Names:
    r"""Read what a source names.

    `own` are the project's modules that are loaded with it, whose sources are looked at as well.
    Raises `SyntaxError` or `ValueError` for what is no source.

    >>> read_names(b"import time\nNOW = time.time()")
    Names(reason='line 1: time', imports={'time'})
    >>> read_names(b"from pathlib import Path\nTEXT = Path('x').read_text()").reason
    ''
    """
    tree: Any = compile(source, "", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    reader = _Reader(own)
    line, name = min(reader.find(tree), default=(0, ""))
    return Names(f"line {line}: {name}" if name else "", reader.imports)


def _walk(tree: ast.AST) -> Iterator[Any]:
    """Yield every node of what is run when a module is imported, or called afterwards."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        skipped = "body" if isinstance(node, ast.If) and _is_never_run(node.test) else ""
        for field in node._fields:
            value = getattr(node, field, None)
            if field == skipped:
                continue
            if isinstance(value, list):
                waiting += [one for one in value if isinstance(one, ast.AST)]
            elif isinstance(value, ast.AST):
                waiting.append(value)


def _is_never_run(test: Any) -> bool:
    """Return whether a branch is for type checkers, or for a module that is run by itself."""
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
        one = test.comparators[0]
        is_main = isinstance(one, ast.Constant) and one.value == "__main__"
        return test.left.id == "__name__" and is_main and isinstance(test.ops[0], ast.Eq)
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


class _Reader:
    """Reads one source."""

    def __init__(self, own: Collection[str]) -> None:
        self.own = own
        self.tops = {name.partition(".")[0] for name in own}
        self.modules: dict[str, str] = {}
        """The modules that names stand for."""
        self.imports: set[str] = set()
        self.bound: set[str] = set()
        self.based: set[Any] = set()
        """Names that are only there to take an attribute from."""
        self.reach = {*dir(os), *dir(os.path)}
        if "pathlib" in sys.modules:
            self.reach.update(dir(sys.modules["pathlib"].Path))
        self.reach -= _HARMLESS | _OF_VALUES

    def find(self, tree: ast.AST) -> Iterator[tuple[int, str]]:
        """Yield the lines and names of what is rejected."""
        nodes = list(_walk(tree))
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from ((node.lineno, name) for name in self._read_import(node))
        for node in nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.bound.add(node.id)
            elif isinstance(node, ast.arg):
                self.bound.add(node.arg)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                self.based.add(node.value)
            elif isinstance(node, ast.Call) and _resolves_itself(node):
                self.based.add(node.func)
        for node in nodes:
            name = self._check(node)
            if name:
                yield node.lineno, name

    def _read_import(self, node: Any) -> Iterator[str]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imports.add(alias.name.partition(".")[0])
                self.modules[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                if not self._may_import(alias.name):
                    yield alias.name
            return
        module = node.module or ""
        if not node.level:
            self.imports.add(module.partition(".")[0])
        is_own = bool(node.level) or self._is_own(module)
        for alias in node.names:
            name = alias.name
            whole = f"{module}.{name}"
            if whole in _PARTS or whole in self.own or (not is_own and whole in sys.modules):
                self.modules[alias.asname or name] = whole
            if is_own:
                if _is_system(name):
                    yield whole
            elif not self._is_loaded(module):
                continue
            elif not self._may_take(module, name):
                yield whole if _is_free(module) or module in _PARTS else module

    def _is_own(self, module: str) -> bool:
        """Return whether a module is the project's, there or not."""
        return module.partition(".")[0] in self.tops

    def _is_loaded(self, module: str) -> bool:
        """Return whether Python has such a module; where it has none, the import fails."""
        return module.partition(".")[0] in sys.modules or (
            module.partition(".")[0] in sys.stdlib_module_names
        )

    def _may_import(self, module: str) -> bool:
        return (
            self._is_own(module)
            or not self._is_loaded(module)
            or _is_free(module)
            or module in _PARTS
        )

    def _may_take(self, module: str, name: str) -> bool:
        whole = f"{module}.{name}"
        if whole in _PARTS or (whole in sys.modules and _is_free(whole)):
            return True
        if module in _PARTS:
            return name in _PARTS[module]
        return _is_free(module) and not _is_system(name) and name not in _ATTRIBUTES

    def _check(self, node: Any) -> str:
        """Return the name for which a node is rejected; '' where it is none."""
        if isinstance(node, ast.Attribute):
            return "" if node in self.based else self._check_attribute(node, node.attr)
        if isinstance(node, ast.Name):
            return self._check_name(node)
        if isinstance(node, ast.Call):
            return self._check_call(node)
        if isinstance(node, ast.MatchClass):
            return next(filter(None, map(self._check_any, node.kwd_attrs)), "")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return "__" if "{" in node.value and "__" in node.value else ""
        return ""

    def _check_name(self, node: Any) -> str:
        name: str = node.id
        if name.startswith("__") and name.endswith("__"):
            return "" if name in _DUNDERS else name
        if name in _BUILTINS and not (name in _NAMES and name in self.bound):
            return name if name != "getattr" else ""  # which is judged by its call
        module = self.modules.get(name)
        if module is None or node in self.based:
            return ""
        if self._is_own(module) or not self._is_loaded(module):
            return ""
        return name  # a module as a value could be asked for anything

    def _check_attribute(self, node: Any, name: str) -> str:
        path = self._find_module(node.value)
        if path is None:
            return self._check_any(name, is_self=_is_self(node.value))
        whole = f"{path}.{name}"
        if self._is_own(path):
            if whole in self.own:
                return ""
            return whole if _is_system(name) else self._check_any(name)
        if not self._is_loaded(path) or whole in _PARTS:
            return ""
        return self._check_any(name) if self._may_take(path, name) else whole

    def _find_module(self, node: Any) -> str | None:
        """Return the module that an expression stands for; None where it stands for none."""
        if isinstance(node, ast.Name):
            return self.modules.get(node.id)
        if isinstance(node, ast.Attribute):
            above = self._find_module(node.value)
            path = f"{above}.{node.attr}"
            if above is not None and (path in sys.modules or path in _PARTS):
                return path
        return None

    def _check_any(self, name: str, *, is_self: bool = False) -> str:
        """Reject an attribute by its name, whatever it is taken from."""
        if name.startswith("__") and name.endswith("__"):
            return "" if name in _DUNDERS else name
        if name.startswith("_") and name not in _PRIVATE and not is_self:
            return name
        return name if name in _ATTRIBUTES or name in self.reach else ""

    def _check_call(self, node: Any) -> str:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "getattr":
            named = node.args[1] if len(node.args) > 1 else None
            if not isinstance(named, ast.Constant) or not isinstance(named.value, str):
                return "getattr"
            return self._check_any(named.value)
        if (
            isinstance(function, ast.Attribute)
            and function.attr == "replace"
            and (len(node.args) + len(node.keywords) < 2)
        ):
            return "replace"  # of a path: it renames a file
        return ""


def _resolves_itself(node: Any) -> bool:
    """Return whether a call gives the real path of the source itself, which the cache compares."""
    function = node.func
    if not isinstance(function, ast.Attribute) or function.attr not in _RESOLVING:
        return False
    base = function.value
    if function.attr == "resolve":
        return isinstance(base, ast.Call) and _is_file(base.args) and not node.args
    return _is_file(node.args)


def _is_file(arguments: list[Any]) -> bool:
    return len(arguments) == 1 and getattr(arguments[0], "id", "") == "__file__"


def _is_self(node: Any) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _is_free(module: str) -> bool:
    parts = module.split(".")
    if parts[0] == "carnation":
        return len(parts) > 1 and parts[1] in _FREE_ROOMS
    return parts[0] in _FREE


def _is_system(name: str) -> bool:
    """Return whether a name is that of a module of the standard library that is not free."""
    return name in sys.stdlib_module_names and name not in _FREE
