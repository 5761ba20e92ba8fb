"""Pure code: whether a definition can read nothing but files, by what its source names.

For the build cache, which sees each file that is opened and nothing else: not the clock, not the
environment, not whether a file is there. So a definition may name modules that read nothing, of
those that read more the parts that do not, and files. What is not known to be harmless is rejected:
a definition that is rejected is made again each time, and one that is not can be believed.
"""

from __future__ import annotations

import _ast as ast  # the classes and the flag alone: `ast` around them costs as much again
import sys
import warnings
from collections.abc import Collection, Iterator
from types import ModuleType

from carnation.lazy import TYPE_CHECKING, compile_lazily
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
    "inspect": {"cleandoc"},
    "io": {"BytesIO", "StringIO"},
    "random": {"Random"},
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
    "dir", "eval", "exec", "exit", "getattr", "globals", "hash", "help", "id", "license", "locals",
    "print", "quit", "setattr", "vars",
})  # fmt: skip
"""Names that read, print, give what differs from run to run, or reach all others."""
_NAMES = frozenset({"dir", "hash", "help", "id", "license", "vars"})
"""Builtins whose names a source may well give to something else."""
_DUNDERS = frozenset({
    "__all__", "__annotations__", "__call__", "__class__", "__contains__", "__doc__", "__eq__",
    "__file__", "__getitem__", "__init__", "__init_subclass__", "__iter__", "__len__",
    "__members__", "__name__", "__post_init__", "__repr__", "__str__",
})  # fmt: skip
_PRIVATE = frozenset({"_asdict", "_fields", "_make", "_replace"})
_ATTRIBUTES = frozenset({
    "CodeType", "ForwardRef", "Formatter", "FullLoader", "FunctionType", "Loader", "UnsafeLoader",
    "add_constructor", "add_implicit_resolver", "add_multi_constructor", "add_multi_representer",
    "add_path_resolver", "add_representer", "astimezone", "attrgetter", "bltns",
    "field_size_limit", "format_map", "fromtimestamp", "full_load", "get_type_hints", "getcontext",
    "localcontext", "methodcaller", "now", "register_dialect", "setcontext", "strftime",
    "timestamp", "today", "unsafe_load", "utcnow",
})  # fmt: skip
"""Attributes of the modules that are free, and of their objects, that read a clock, change what
others see, or reach all."""
_HARMLESS = frozenset({
    "as_posix", "is_absolute", "is_relative_to", "joinpath", "match", "name", "open", "parent",
    "parents", "parts", "read_bytes", "read_text", "relative_to", "stem", "suffix", "suffixes",
    "with_name", "with_stem", "with_suffix",
})  # fmt: skip
"""Attributes of paths that read nothing, or open a file."""
_OF_VALUES = frozenset().union(*map(dir, (str, bytes, list, dict, set, tuple, int, float)))
_DECIDING = frozenset({"TYPE_CHECKING", "__match_args__", "__name__"})
"""Names that decide what is run, or which attributes are read, where they are set."""
_REACHING = compile_lazily(r"\{[^{}\"' ]*\.__|__import__")
"""In texts: what is asked of a value that is put into it, and code."""


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever loads it has shown them
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
        self.imported: set[str] = set()
        """All names that stand for what is not the project's."""
        self.imports: set[str] = set()
        self.bound: set[str] = set()
        self.harmless: set[Any] = set()
        """Names and attributes that are only there to be called, or to take one from."""
        paths: Any = sys.modules.get("pathlib")
        self.reach = set(dir(paths.Path)) - _HARMLESS - _OF_VALUES if paths else set()

    def find(self, tree: ast.AST) -> Iterator[tuple[int, str]]:
        """Yield the lines and names of what is rejected."""
        nodes = list(_walk(tree))
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from ((node.lineno, name) for name in self._read_import(node))
        if "re" in self.imports:
            self.reach.discard("group")  # of a match, not of a file
        for node in nodes:
            self._note(node)
        for node in nodes:
            name = self._check(node)
            if name:
                yield node.lineno, name

    def _note(self, node: Any) -> None:
        """Note what a node makes of others: names that are bound, and those only called."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif isinstance(node, ast.arg):
            self.bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef):
            self.bound.add(node.name)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name):
                self.harmless.add(node.value)
            if isinstance(node.ctx, ast.Store) and _is_self(node.value):
                self.bound.add(node.attr)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            if name == "replace" and not _replaces_text(node):
                return
            if name in ("getattr", "replace") or _is_from_file(node):
                self.harmless.add(node.func)

    def _read_import(self, node: Any) -> Iterator[str]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                self.imports.add(top)
                self.modules[alias.asname or top] = alias.name if alias.asname else top
                if not self._may_import(alias.name):
                    yield alias.name
                if top not in self.tops:
                    self.imported.add(alias.asname or top)
            return
        module = node.module or ""
        if not node.level:
            self.imports.add(module.partition(".")[0])
        is_own = bool(node.level) or self._is_own(module)
        for alias in node.names:
            name = alias.name
            whole = f"{module}.{name}"
            found = self._find_values(module, name) if not node.level else {}
            for one, value in found.items():
                if isinstance(value, ModuleType):
                    self.modules[alias.asname or one] = value.__name__
                if not is_own:
                    self.imported.add(alias.asname or one)
            if is_own:
                if _is_system(name) or self._is_foreign(whole):
                    yield whole
            elif self._is_loaded(module) and not self._may_take(module, name):
                yield whole if _is_free(module) or module in _PARTS else module

    def _find_values(self, module: str, name: str) -> dict[str, object]:
        """Find what a module gives by a name; all that it has, by a star."""
        whole = f"{module}.{name}"
        if whole in sys.modules:
            return {name: sys.modules[whole]}
        there = getattr(sys.modules.get(module), "__dict__", {})
        return dict(there) if name == "*" else {name: there.get(name)}

    def _is_own(self, module: str) -> bool:
        """Return whether a module is the project's, there or not."""
        return module.partition(".")[0] in self.tops and not self._is_foreign(module)

    def _is_foreign(self, module: str) -> bool:
        """Return whether a module is loaded that is none of the project's."""
        return module in sys.modules and module not in self.own

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
            return "" if node in self.harmless else self._check_attribute(node, node.attr)
        if isinstance(node, ast.Name):
            return self._check_name(node)
        if isinstance(node, ast.Call):
            return self._check_call(node)
        if isinstance(node, ast.MatchClass):
            return next(filter(None, map(self._check_any, node.kwd_attrs)), "")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "__" in node.value:
            return "__" if _REACHING.search(node.value) else ""
        return ""

    def _check_name(self, node: Any) -> str:
        name: str = node.id
        if name in _DECIDING and isinstance(node.ctx, ast.Store):
            return name
        if name.startswith("__") and name.endswith("__"):
            return "" if name in _DUNDERS or isinstance(node.ctx, ast.Store) else name
        if name in _BUILTINS and not (name in _NAMES and name in self.bound):
            return "" if node in self.harmless and name == "getattr" else name
        module = self.modules.get(name)
        if module is None or node in self.harmless:
            return ""
        if self._is_own(module) or not self._is_loaded(module):
            return ""
        return name  # a module as a value could be asked for anything

    def _check_attribute(self, node: Any, name: str) -> str:
        if isinstance(node.ctx, (ast.Store, ast.Del)) and _find_base(node) in self.imported:
            return name  # what others see is changed
        path = self._find_module(node.value)
        if path is None:
            if name == "replace":
                return name  # of a path: it renames a file
            return self._check_any(name, is_known=_is_self(node.value) or name in self.bound)
        whole = f"{path}.{name}"
        if self._is_own(path):
            if whole in self.own:
                return ""
            found = getattr(sys.modules.get(path), name, None)
            is_system = _is_system(name) or self._is_foreign(whole)
            if is_system or (
                isinstance(found, ModuleType) and not self._may_import(found.__name__)
            ):
                return whole
            return self._check_any(name, is_known=True)
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
            found = getattr(sys.modules.get(above or ""), node.attr, None)
            return found.__name__ if isinstance(found, ModuleType) else None
        return None

    def _check_any(self, name: str, *, is_known: bool = False) -> str:
        """Reject an attribute by its name, whatever it is taken from.

        `is_known` says that it is one of the project's own, which may be private.
        """
        if name.startswith("__") and name.endswith("__"):
            return "" if name in _DUNDERS else name
        if name.startswith("_") and name not in _PRIVATE and not is_known:
            return name
        return name if name in _ATTRIBUTES or name in self.reach else ""

    def _check_call(self, node: Any) -> str:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "getattr":
            named = node.args[1] if len(node.args) > 1 else None
            if not isinstance(named, ast.Constant) or not isinstance(named.value, str):
                return "getattr"
            return self._check_any(named.value)
        return ""


def _is_from_file(node: Any) -> bool:
    """Return whether an expression gives a folder above the source, or its own real path.

    The cache compares the real paths of sources and of their folders.
    """
    if isinstance(node, ast.Name):
        return node.id == "__file__"
    if isinstance(node, ast.Subscript):
        return _is_from_file(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr in ("parent", "parents") and _is_from_file(node.value)
    if isinstance(node, ast.BinOp):
        return _is_from_file(node.left) and _is_up(node.right)
    if not isinstance(node, ast.Call) or node.keywords:
        return False
    name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    if name in ("absolute", "resolve"):
        return not node.args and _is_from_file(getattr(node.func, "value", None))
    if name not in ("Path", "abspath", "dirname", "join", "normpath", "realpath") or not node.args:
        return False
    return _is_from_file(node.args[0]) and all(map(_is_up, node.args[1:]))


def _is_up(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value in ("..", "../..")


def _replaces_text(node: Any) -> bool:
    """Return whether a call of `replace` cannot be that of a path, which has one argument."""
    names = {one.arg for one in node.keywords}
    return len(node.args) > 1 or (not node.args and bool(names) and "target" not in names)


def _find_base(node: Any) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return str(getattr(node, "id", ""))


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
