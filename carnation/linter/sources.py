"""Sources for the lint: the definitions that targets lead to, and what could not be seen or read.

A definition that cannot be read is a finding like any other.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from carnation.errors import DocumentError
from carnation.linter.findings import ERROR, Finding
from carnation.linter.runner import find_rule
from carnation.linter.targets import DEFINITION_SUFFIXES, STDIN, TargetFile, find_files, is_link_out
from carnation.records import NamedTuple
from carnation.sources import (
    Files,
    Reading,
    Source,
    Unseen,
    choose_machine,
    is_definition,
    read_input,
    read_sources,
)
from carnation.sources.source import NO_DEFINITION

_LINK = "it is a link out of the folder; name what it leads to"
_STDIN_NAME = "standard input"


class Opened(NamedTuple):
    """What targets lead to: definitions, findings for those that cannot be read, the unseen."""

    sources: list[Source]
    findings: list[Finding]
    unseen: list[Unseen]


def open_targets(targets: Sequence[str]) -> Opened:
    """Open files, folders, built workflows; a definition that a template names is opened once."""
    files = Files()
    opened = Opened([], [], [])
    whole: list[Reading] = []
    for file in find_files(targets):
        reading = _open(file, files, opened)
        if reading is None:
            continue
        if file.machine:
            reading = choose_machine(reading, file.machine)
        if reading.kind == "definition":
            whole.append(reading)
        else:
            _add(reading, file, opened)
    for reading in whole:
        if os.path.normpath(reading.path) not in files.followed:
            opened.sources.extend(reading.sources)
            opened.unseen.extend(reading.unseen)
    return opened


def _open(file: TargetFile, files: Files, opened: Opened) -> Reading | None:
    if file.folder and is_link_out(file.path, file.folder):
        name = os.path.basename(file.path)
        opened.unseen.append(Unseen(name, file.path, 1, 1, _LINK))
        return None
    try:
        if file.path == STDIN:
            return read_input(files)
        return read_sources(file.path, files) if file.named or _may_hold(file.path, files) else None
    except DocumentError as error:
        if file.path != STDIN and not os.access(file.path, os.R_OK):
            raise
        path = _STDIN_NAME if file.path == STDIN else file.path
        if file.holds_definition or file.path == STDIN:
            opened.findings.append(_report_unreadable(path, error))
        elif _MARKED.intersection(_find_marks(file.path, files)):
            place = (error.line or 1, error.column or 1)
            why = error.reason.rstrip(".")
            opened.unseen.append(Unseen("its state machines", path, *place, why))
        return None


_MARKS = (
    "StartAt", "StateMachine", "stepFunctions", "sfn_state_machine", "stateMachineArn",
    "stepfunctions_state_machine", "definition",
)  # fmt: skip
_MARKED = {"StateMachine", "sfn_state_machine"}


def _may_hold(path: str, files: Files) -> bool:
    """Return whether a file that nobody named is worth reading: a word in it says so."""
    return path.endswith(DEFINITION_SUFFIXES) or bool(_find_marks(path, files))


def _find_marks(path: str, files: Files) -> list[str]:
    try:
        text = files.text(path)
    except DocumentError:
        return []
    return [mark for mark in _MARKS if mark in text]


def _add(reading: Reading, file: TargetFile, opened: Opened) -> None:
    """Add what a template leads to; of a file that was named, say why it leads nowhere."""
    for source in reading.sources:
        if source.error is None:
            opened.sources.append(source)
        else:
            opened.findings.append(_report_source(source, source.error))
    for unseen in reading.unseen:
        if unseen.why == NO_DEFINITION:
            opened.findings.append(_report_missing(unseen))
        else:
            opened.unseen.append(unseen)
    if not reading.kind and file.path.endswith(DEFINITION_SUFFIXES):
        error = DocumentError(f"{reading.format_nothing()}.", reading.path)
        opened.findings.append(_report_unreadable(reading.path, error))
        return
    if file.holds_definition and not reading.sources and not reading.unseen:
        name = os.path.basename(reading.path)
        opened.unseen.append(Unseen(name, reading.path, 1, 1, reading.format_nothing()))


def _report_source(source: Source, error: DocumentError) -> Finding:
    span = source.locate("")
    rule = find_rule("unreadable-document")
    message = f"the definition of {source.name}: {error}"
    return Finding(
        rule.id, ERROR, message, source.where, span.line, span.column,
        source.pointer, "", rule.code,
    )  # fmt: skip


def _report_missing(unseen: Unseen) -> Finding:
    rule = find_rule("missing-definition")
    message = f"{unseen.name}: {unseen.why}"
    return Finding(
        rule.id, rule.severity, message, unseen.where, unseen.line, unseen.column, "", "", rule.code
    )


def _report_unreadable(path: str, error: DocumentError) -> Finding:
    rule = find_rule("unreadable-document")
    line, column = error.line or 1, error.column or 1
    return Finding(rule.id, ERROR, error.reason, path, line, column, "", "", rule.code)


def is_template_file(path: str) -> bool:
    """Return whether a file holds a CloudFormation template; one that cannot be read does not."""
    from carnation.sources.templates import is_template

    try:
        return any(is_template(document.value) for document in Files().read(path))
    except DocumentError:
        return False


__all__ = ["Opened", "is_definition", "is_template_file", "open_targets"]
