"""Handlers: what a build rejects before Lambda would, by reading a function's own Python files.

A file that is not Python, a handler without its function, and an import that neither the function's
folder, its requirements nor Lambda's runtime gives. Nothing is imported or run.
"""

from __future__ import annotations

import _ast as ast  # the classes and the flag alone: `ast` around them costs as much again
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from carnation.errors import WorkflowError, suggest_name
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.resources import Function

_LATER = {"annotationlib", "compression", "tomllib"}  # newer than the oldest Python we run on
_RUNTIME = {
    "awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3",
}  # fmt: skip
_GIVEN = sys.stdlib_module_names | _LATER | _RUNTIME
_FALLBACK = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
"""Where a statement has others in it; imports are statements."""


class _Import(NamedTuple):
    modules: tuple[str, ...]
    """What one statement may load: the module, and the names taken from it, which may be some."""
    line: int


def check_handler(
    function: Function, own: Mapping[str, bytes], wheels: Mapping[str, bytes]
) -> None:
    """Raise `WorkflowError` where Lambda could not load a packed function's handler.

    `own` are the files of its folder, `wheels` those of its requirements: path to content.
    """
    module, _, name = function.handler.rpartition(".")
    path = _find_file(module.replace("/", "."), own)
    if not path:
        raise WorkflowError(
            f"function '{function.id}' has no file lambdas/{function.id}/"
            f"{module.replace('.', '/')}.py. Write it, or correct the function's id or handler "
            "in the workflow."
        )
    tree = _parse(function, path, own[path])
    if not any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body):
        _require_function(function, path, name, tree)
    _require_imports(function, {path: tree}, own, {**own, **wheels})


def _find_file(module: str, files: Mapping[str, bytes]) -> str:
    path = module.replace(".", "/")
    return next((one for one in (f"{path}.py", f"{path}/__init__.py") if one in files), "")


def _parse(function: Function, path: str, content: bytes) -> ast.Module:
    try:
        tree = compile(content, path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        return cast("ast.Module", tree)
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else error
        raise WorkflowError(
            f"lambdas/{function.id}/{path}{line}: not valid Python (syntax error, as Python "
            f"{sys.version_info[0]}.{sys.version_info[1]} reads it): {reason}. Correct the file of "
            f"function '{function.id}'."
        ) from None


def _require_function(function: Function, path: str, name: str, tree: ast.Module) -> None:
    defined = set(_list_names(tree))
    if name in defined or "*" in defined:
        return
    raise WorkflowError(
        f"lambdas/{function.id}/{path} defines no '{name}', the handler of function "
        f"'{function.id}'.{suggest_name(name, sorted(defined))} Define it, or name another one: "
        f"Function(…, handler='{function.handler.rpartition('.')[0]}.NAME')."
    )


def _list_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module defines on its top level, whatever the branch."""
    waiting: list[ast.AST] = list(tree.body)
    for node in waiting:  # grows while we walk
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        else:
            waiting.extend(_list_children(node))


def _require_imports(
    function: Function,
    trees: dict[str, ast.Module],
    own: Mapping[str, bytes],
    files: Mapping[str, bytes],
) -> None:
    """Follow the imports from the handler, which is read, through the function's own files.

    What layers hold is not known here, so with layers only the own files' syntax is checked.
    """
    there = _GIVEN | {one.partition("/")[0].partition(".")[0] for one in files}
    waiting = list(trees)
    for one in waiting:  # grows while we walk
        tree = trees.get(one) or _parse(function, one, own[one])
        for found in _list_imports(tree, one):
            top = found.modules[0].partition(".")[0]
            if top not in there and not function.layers:
                raise _missing(function, one, found.line, top)
            paths = (_find_file(module, own) for module in found.modules)
            waiting += [new for new in paths if new and new not in waiting]


def _missing(function: Function, path: str, line: int, module: str) -> WorkflowError:
    folder = f"lambdas/{function.id}"
    return WorkflowError(
        f"{folder}/{path}:{line} imports '{module}', which is neither in {folder}/ nor in its "
        f"requirements, and Lambda's runtime does not have it. Add {module}==VERSION to "
        f"{folder}/requirements.txt and run: carnation fetch {function.id}"
    )


def _list_imports(tree: ast.Module, path: str) -> Iterator[_Import]:
    """Yield the imports of a module, but those that may fail or that only type checkers read."""
    waiting: list[ast.AST] = list(tree.body)
    for node in waiting:  # grows while we walk
        if isinstance(node, ast.Import):
            yield from (_Import((alias.name,), node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _find_base(node, path)
            names = [f"{base}.{alias.name}".lstrip(".") for alias in node.names]
            yield _Import((base, *names) if base else tuple(names), node.lineno)
        elif isinstance(node, ast.Try) and _has_fallback(node):
            waiting += [*node.handlers, *node.orelse, *node.finalbody]
        elif isinstance(node, ast.If) and _is_for_checkers(node.test):
            waiting += node.orelse
        else:
            for name in _BLOCKS:
                waiting += getattr(node, name, ())


def _is_for_checkers(test: ast.AST) -> bool:
    name = getattr(test, "id", "") or getattr(test, "attr", "")
    return name == "TYPE_CHECKING" or any(map(_is_for_checkers, _list_children(test)))


def _list_children(node: ast.AST) -> Iterator[ast.AST]:
    for name in node._fields:
        value = getattr(node, name, None)
        yield from (one for one in (value if isinstance(value, list) else [value])
                    if isinstance(one, ast.AST))  # fmt: skip


def _find_base(node: ast.ImportFrom, path: str) -> str:
    """Return the module that names are taken from, a relative one in full."""
    if not node.level:
        return node.module or ""
    parent = path.split("/")[: -node.level]
    return ".".join([*parent, *filter(None, [node.module])])


def _has_fallback(node: ast.Try) -> bool:
    kinds = [handler.type for handler in node.handlers]
    return any(kind is None or _FALLBACK & set(_list_kinds(kind)) for kind in kinds)


def _list_kinds(kind: ast.expr) -> Iterator[str]:
    for one in kind.elts if isinstance(kind, ast.Tuple) else [kind]:
        yield getattr(one, "id", "")
