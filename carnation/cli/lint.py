"""Lint definitions: what AWS would refuse, and what it would let through to break at night.

Run as `carnation lint`. It reads documents only: what was just built,
what somebody wrote by hand, and what stands in a template.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.console import has_colour
from carnation.document import Document, decode_text, parse_document, read_document
from carnation.errors import DocumentError, UsageError, suggest_name
from carnation.linter import (
    ERROR,
    NOTE,
    SEVERITIES,
    WARNING,
    Finding,
    Settings,
    Source,
    find_rule,
    review_definition,
)
from carnation.linter import formats as reports
from carnation.linter.built import find_tree, read_declared
from carnation.linter.findings import RULES
from carnation.linter.settings import read_settings

_SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml", ".asl.json5", ".asl")
_TEMPLATE_SUFFIXES = (".yaml", ".yml", ".template", ".json")
GARBAGE_THRESHOLD = 100_000
"""A large definition lives until the end; looking through it again and again is no linear time."""
_MACHINES = os.path.join("build", "{}", "code", "state-machine")
_STDIN, _STDIN_NAME = "-", "standard input"
_SKIPPED = {".git", "node_modules", ".venv", "__pycache__", ".aws-sam", ".mypy_cache", ".tox"}


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation lint",
        description="Find what AWS would refuse in a definition, and what production would regret.",
        epilog="example: carnation lint statemachine.asl.json --type EXPRESS",
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="FILE or WORKFLOW",
        help="definitions, templates, folders, built workflows, - for standard input "
        "(default: all of build/)",
    )
    parser.add_argument(
        "--type", choices=["STANDARD", "EXPRESS"], help="the type of the state machine"
    )
    parser.add_argument("--format", choices=["text", "json", "sarif", "github"], default="text")
    parser.add_argument(
        "--fail-on",
        choices=[*SEVERITIES, "never"],
        help="exit 1 from this severity on (default: error)",
    )
    parser.add_argument(
        "--notes",
        action="store_true",
        help="look for what is merely worth a note, too (text; the other formats do)",
    )
    parser.add_argument(
        "--cfn-lint", action="store_true", help="run cfn-lint over the templates, too (an extra)"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--fix", action="store_true", help="mend, in the files, what has one safe answer"
    )
    how.add_argument(
        "--diff", action="store_true", help="show what --fix would change; exit 1 if it would"
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="print, as JSON, the policy that the role of a definition needs, and do nothing else",
    )
    parser.add_argument("--explain", metavar="RULE", help="explain a rule, and do nothing else")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, review, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    if options.explain:
        return run_command(lambda: _explain(options.explain))
    if options.policy:
        return run_command(lambda: _print_policies(options.policy))
    return run_command(lambda: _lint(options))


def _explain(rule_id: str) -> int:
    rule = find_rule(rule_id)
    code = f", AWS: {rule.code}" if rule.code else ""
    _print(f"{rule.id} ({rule.family}, {rule.severity}{code})\n\n{rule.explain()}")
    return EXIT_OK


def _print_policies(target: str) -> int:
    import json  # nothing else here needs it, nor what follows

    from carnation.permissions.reports import report_policy

    findings: list[Finding] = []
    reports_ = [
        report_policy(source.value, source.where, getattr(source, "properties", {}))
        for path, named in _find_files([target])
        for source in _open_sources(path, named, findings)
        if _is_definition(source.value)
    ]
    if not reports_:
        why = findings[0].message if findings else "there is no definition in it"
        raise UsageError(f"{target}: {why}. Name a file with a state machine.")
    _print(json.dumps({"policies": reports_}, indent=2, ensure_ascii=False))
    return EXIT_OK


def _lint(options: argparse.Namespace) -> int:
    gc.set_threshold(GARBAGE_THRESHOLD)
    settings, fail_on = read_settings(".")
    fail_on = options.fail_on or fail_on
    if options.format == "text" and not options.notes and fail_on != NOTE:
        settings = settings._replace(lowest=WARNING)
    if options.diff or options.fix:
        changed = _fix(options, settings)
        if options.diff:
            return EXIT_FINDINGS if changed else EXIT_OK
    findings: list[Finding] = []
    sources: dict[str, Any] = {}
    count = 0
    for path, named in _find_files(options.targets):
        for source in _open_sources(path, named, findings):
            count += 1
            sources[source.where] = source
            kind = options.type or getattr(source, "type", "STANDARD")
            declared = read_declared(path)
            found = review_definition(source, type=kind, settings=settings, declared=declared)
            findings += _locate(path, found)
    if options.cfn_lint:
        findings += _check_templates(options.targets, settings)
    findings.sort(key=lambda finding: (finding.path, finding.line, finding.column))
    _report(findings, sources, count, options)
    if fail_on == "never":
        return EXIT_OK
    worst = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return EXIT_FINDINGS if any(finding.severity in worst for finding in findings) else EXIT_OK


def _locate(path: str, findings: Iterable[Finding]) -> list[Finding]:
    """Add the lines of Python; what loads the workflow is loaded only where it is built."""
    found = list(findings)
    if not found or not find_tree(path):
        return found
    from carnation.artifacts.sources import name_sources

    return name_sources(path, found)


def _fix(options: argparse.Namespace, settings: Settings) -> bool:
    """Mend the files, or show how they would be; what was done goes beside the report."""
    from carnation.linter import fixing  # who only reads does not pay for it

    skipped = [rule for rule, severity in settings.severities.items() if severity == "off"]
    changed = False
    for path, named in _find_files(options.targets):
        if path == _STDIN:
            raise UsageError("standard input cannot be mended. Name a file.")
        whole = named or path.endswith(_SUFFIXES)
        fixed = fixing.fix_file(path, whole, options.type, skipped, _locate)
        changed = changed or bool(fixed.lines)
        if options.diff:
            _print(fixing.write_diff(fixed), end="")
        elif fixed.lines:
            fixing.write_file(path, fixed.after)
        told = fixed.kept if options.diff else [*fixed.lines, *fixed.kept]
        for line in told:
            print(line, file=sys.stderr)
    return changed


def _check_templates(targets: Sequence[str], settings: Settings) -> list[Finding]:
    """Let cfn-lint look at the templates among the targets; those of build/ without targets."""
    from carnation.linter.templates import check_templates  # a second, for those who ask

    paths = []
    for target in targets or ["build"]:
        for path in _walk_folder(target) if os.path.isdir(target) else [target]:
            with contextlib.suppress(DocumentError):  # which is a finding already, or no template
                paths += [path] if _is_template(read_document(path)) else []
    wanted = SEVERITIES[: SEVERITIES.index(settings.lowest) + 1]
    return [finding for finding in check_templates(paths) if finding.severity in wanted]


def _find_files(targets: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield the files to read, and whether each was named (and so must be a definition)."""
    if not targets:
        built = list(_list_built("build")) if os.path.isdir("build") else []
        if not built:
            raise UsageError(
                "there is nothing in build/ to lint. Name a file, or run: python -m carnation.build"
            )
        yield from ((path, True) for path in built)
    for target in targets:
        if target == _STDIN or os.path.isfile(target):
            yield target, True
        elif os.path.isdir(target) and not _is_built(target):
            yield from ((path, False) for path in _walk_folder(target))
        else:
            yield from ((path, True) for path in _find_workflow(target))


def _list_built(folder: str) -> Iterator[str]:
    for workflow in sorted(os.listdir(folder)):
        inner = os.path.join(folder, workflow, "code", "state-machine")
        if os.path.isdir(inner):
            yield from _list_definitions(inner)


def _list_definitions(folder: str) -> list[str]:
    """List the definitions of a built workflow; the policy beside them is none."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(_SUFFIXES))
    return [os.path.join(folder, name) for name in names]


def _is_built(name: str) -> bool:
    """Tell whether a built workflow is meant; the folder of that name is `./name`."""
    return os.sep not in name and os.path.isdir(_MACHINES.format(name))


def _find_workflow(name: str) -> list[str]:
    folder = _MACHINES.format(name)
    if _is_built(name):
        return _list_definitions(folder)
    known = os.listdir("build") if os.path.isdir("build") else []
    near = suggest_name(name, [*known, *os.listdir(".")])
    raise UsageError(f"there is no file and no built workflow '{name}'.{near}")


def _walk_folder(folder: str) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            if name.endswith((*_SUFFIXES, *_TEMPLATE_SUFFIXES)):
                yield os.path.normpath(os.path.join(path, name))


def _open_sources(path: str, named: bool, findings: list[Finding]) -> Iterator[Source]:
    """Yield the definitions in a file; what cannot be read becomes a finding."""
    wanted = named or path.endswith(_SUFFIXES)
    try:
        document = _read_stdin() if path == _STDIN else read_document(path)
    except DocumentError as error:
        if path != _STDIN and not os.access(path, os.R_OK):
            raise
        if wanted:
            findings.append(_report_unreadable(_STDIN_NAME if path == _STDIN else path, error))
        return
    if _holds_definitions(document):
        yield from _open_template(document, findings)
    elif wanted or _is_definition(document.value):
        yield document


def _read_stdin() -> Document:
    """Read a definition or template from standard input: JSON, else YAML."""
    text = decode_text(sys.stdin.buffer.read(), _STDIN_NAME)
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    return parse_document(text, _STDIN_NAME if is_json else f"{_STDIN_NAME}.yaml")


def _is_template(document: Document) -> bool:
    if not isinstance(document.value, Mapping) or "Resources" not in document.value:
        return False
    from carnation.cloudformation import is_template  # a definition needs no templates

    return is_template(document.value)


def _holds_definitions(document: Document) -> bool:
    if not isinstance(document.value, Mapping) or "States" in document.value:
        return False
    from carnation.cloudformation import holds_definitions  # a definition needs no templates

    return holds_definitions(document.value)


def _is_definition(value: object) -> bool:
    return isinstance(value, Mapping) and "StartAt" in value and "States" in value


def _open_template(document: Document, findings: list[Finding]) -> Iterator[Source]:
    from carnation.cloudformation import find_definitions

    for found in find_definitions(document):
        if found.error is None:
            yield found
        else:
            span = found.locate("")
            rule = find_rule("unreadable-document")
            message = f"the definition of {found.name}: {found.error}"
            findings.append(
                Finding(
                    rule.id, ERROR, message, found.where, span.line, span.column,
                    found.pointer, "", rule.code,
                )
            )  # fmt: skip


def _report_unreadable(path: str, error: DocumentError) -> Finding:
    rule = find_rule("unreadable-document")
    line, column = error.line or 1, error.column or 1
    return Finding(rule.id, ERROR, error.reason, path, line, column, "", "", rule.code)


def _report(
    findings: list[Finding], sources: Mapping[str, Any], count: int, options: argparse.Namespace
) -> None:
    if options.format == "json":
        _print(reports.write_json(findings, count), end="")
    elif options.format == "sarif":
        _print(reports.write_sarif(findings, RULES), end="")
    elif options.format == "github":
        _print("\n".join(reports.write_github(findings)), end="\n" if findings else "")
    else:
        _report_text(findings, sources, count)


def _report_text(findings: list[Finding], sources: Mapping[str, Any], count: int) -> None:
    """Frames and a summary for a terminal; a line each, and nothing else, for a pipe."""
    terminal = sys.stdout.isatty()
    colour = has_colour(sys.stdout)
    for line in reports.write_text(findings, sources, colour=colour, frames=terminal):
        _print(line)
    if terminal:
        definitions = "1 definition" if count == 1 else f"{count} definitions"
        _print(f"{definitions}: {reports.count_severities(findings)} found")


def _print(text: str, end: str = "\n") -> None:
    """Print what a foreign file may have brought along, whatever the terminal can show of it."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + end)
