"""Fixing: files whose findings have one safe answer, fixed in place and written whole.

What is built here is not fixed, since the next build would undo it: the line of Python is named.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Iterator, Sequence

from carnation.document import Document
from carnation.errors import UsageError
from carnation.linter.built import find_tree
from carnation.linter.findings import RULES, Finding
from carnation.linter.fixes import Fix, fix_document
from carnation.linter.linting import Locate
from carnation.linter.runner import Settings
from carnation.linter.sources import open_targets
from carnation.linter.targets import STDIN
from carnation.records import NamedTuple
from carnation.sources import Source


class FixedFile(NamedTuple):
    """A file's text before and after, a line for each fix, a line for each that was not made."""

    path: str
    before: str
    after: str
    lines: list[str]
    kept: list[str]


def fix_files(
    targets: Sequence[str],
    settings: Settings,
    *,
    type: str | None = None,
    locate: Locate,
) -> Iterator[FixedFile]:
    """Fix the definitions in files, folders or built workflows, without writing anything."""
    skipped = [rule for rule, severity in settings.severities.items() if severity == "off"]
    if STDIN in targets:
        raise UsageError("--fix cannot be used with standard input. Name a file.")
    editable: dict[str, list[Source]] = {}
    for source in open_targets(targets).sources:
        if source.is_editable:  # a text in a template is not fixed
            editable.setdefault(source.where, []).append(source)
    for sources in editable.values():
        yield fix_file(sources, type, skipped, locate)


def fix_file(
    sources: Sequence[Source], type: str | None, skipped: Collection[str], locate: Locate
) -> FixedFile:
    """Fix the definitions in a file, without writing it."""
    document = sources[0].document
    path = document.where
    prefixes = {
        source.pointer: type or source.type or "STANDARD"
        for source in sources
        if source.document is document
    }
    after, fixes = fix_document(document, prefixes, skipped)
    findings = [_find_place(document, fix) for fix in fixes]
    if find_tree(path):
        kept = [
            f"{_format_fix(one, 'not fixed')}: this file is generated. Change "
            f"{one.source or 'its definition'} and run `carnation build`."
            for one in locate(path, findings)
        ]
        return FixedFile(path, document.text, document.text, [], kept)
    lines = [_format_fix(one, "fixed") for one in findings]
    if any(note.kind == "byte-order-mark" for note in document.notes):
        lines.append(f"{path}:1:1: fixed byte-order-mark: removed the byte order mark")
        return FixedFile(path, "\ufeff" + document.text, after, lines, [])
    return FixedFile(path, document.text, after, lines, [])


def _find_place(document: Document, fix: Fix) -> Finding:
    pointer = fix.prefix + fix.problem.pointer
    span = document.locate(pointer)
    rule = RULES[fix.rule]
    return Finding(
        rule.id, rule.severity, fix.problem.message, document.where, span.line, span.column,
        pointer, fix.problem.state, rule.code,
    )  # fmt: skip


def _format_fix(finding: Finding, done: str) -> str:
    state = f" (state '{finding.state}')" if finding.state else ""
    where = f"{finding.path}:{finding.line}:{finding.column}"
    return f"{where}: {done} {finding.rule}: {finding.message}{state}"


def render_diff(fixed: FixedFile) -> str:
    """Write what would change, as a unified diff; '' where nothing would."""
    lines = difflib.unified_diff(
        fixed.before.splitlines(keepends=True),
        fixed.after.splitlines(keepends=True),
        fixed.path,
        fixed.path,
    )
    ended = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return "".join(ended)


def write_fixed(fixed: FixedFile) -> FixedFile:
    """Write a file that has fixes; return it."""
    if fixed.lines:
        write_file(fixed.path, fixed.after)
    return fixed


def write_file(path: str, text: str) -> None:
    """Write a file whole or not at all, with the mode that it has."""
    target = os.path.realpath(path)
    part = f"{target}.{os.getpid()}.part"
    try:
        with open(part, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(part, os.stat(target).st_mode & 0o7777)
        os.replace(part, target)
    except OSError as error:
        if os.path.exists(part):
            os.remove(part)
        raise UsageError(
            f"cannot write {path}: {error.strerror}. The file was not changed."
        ) from error
