"""SlipCover, made to prepare a module in a third of the time; what it measures stays the same.

For branches it walks each expression of each module four times, where statements alone matter, and
lists each instruction with all that can be known of it, where its name and line do. Both are told
to look at less. From Python 3.12 on the second falls away.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from types import CodeType, SimpleNamespace

import slipcover.branch
import slipcover.slipcover

_HOLDERS = (ast.mod, ast.stmt, ast.excepthandler, ast.match_case)
_CACHE = dis.opmap.get("CACHE", 0)
find_annotation_lines_slowly = slipcover.slipcover._get_annotation_only_lines
"""SlipCover's own, which ours is compared with."""


def hasten() -> None:
    """Let SlipCover look at statements alone, and at the names and lines of instructions."""
    quick = {"walk": walk, "NodeTransformer": Transformer, "fix_missing_locations": fix_locations}
    slipcover.branch.ast = SimpleNamespace(**{**vars(ast), **quick})
    slipcover.slipcover._get_annotation_only_lines = find_annotation_lines


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Give what holds statements: a parent before its children."""
    waiting = [tree]
    for node in waiting:
        yield node
        waiting += [one for one in ast.iter_child_nodes(node) if isinstance(one, _HOLDERS)]


class Transformer(ast.NodeTransformer):
    """Visit what holds statements."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Leave an expression as it is."""
        visited: ast.AST = super().visit(node) if isinstance(node, _HOLDERS) else node
        return visited


def fix_locations(tree: ast.AST) -> ast.AST:
    """Give a place to what has none; where an expression has one, so have all its parts."""
    _fix(tree, (1, 0, 1, 0))
    return tree


_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def _fix(node: ast.AST, place: tuple[int, ...]) -> None:
    if "lineno" in node._attributes:
        own = [getattr(node, name, None) for name in _PLACE]
        both = zip(own, place, strict=True)
        place = tuple(above if value is None else value for value, above in both)
        for name, value in zip(_PLACE, place, strict=True):
            setattr(node, name, value)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _HOLDERS) or getattr(child, "end_lineno", None) is None:
            _fix(child, place)


def find_annotation_lines(code: CodeType) -> frozenset[int]:
    """Find the lines whose instructions load annotations and do nothing else."""
    names: dict[int, set[str]] = {}
    for number, place in zip(code.co_code[::2], code.co_positions(), strict=True):
        if place[0] and number != _CACHE:
            names.setdefault(place[0], set()).add(dis.opname[number])
    loading = slipcover.slipcover._ANNOTATION_ONLY_OPS
    return frozenset(line for line, found in names.items() if found <= loading)
