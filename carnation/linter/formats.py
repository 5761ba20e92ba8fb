"""Reports: findings written for a person, for a program, for GitHub, for a code scanner.

Every function takes findings and returns text; printing is the verb's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from carnation import __version__
from carnation.console import clean, clean_lines, has_color, paint, report_width
from carnation.document.values import Json
from carnation.lazy import TYPE_CHECKING, json
from carnation.linter.findings import ERROR, NOTE, RULES, SEVERITIES, WARNING, Finding, Rule
from carnation.linter.linting import Report
from carnation.sources import Unseen

if TYPE_CHECKING:
    from typing import Final, Protocol
else:
    Protocol = object

_COLORS = {ERROR: "red", WARNING: "yellow", NOTE: "blue"}
_WIDEST = 120


class Lines(Protocol):
    """Where the lines of a code frame come from."""

    def line_text(self, line: int) -> str:
        """Return one line, counted from 1."""
        ...


def render_text(
    findings: Iterable[Finding], sources: Mapping[str, Lines], *, color: bool, frames: bool
) -> list[str]:
    """Write a line for each finding, and below it the line of the file it is about."""
    lines: list[str] = []
    for finding in findings:
        severity = paint(finding.severity, _COLORS[finding.severity], shown=color)
        state = clean(_state_name(finding))
        path = clean_lines(clean(finding.path))
        lines.append(
            f"{path}:{finding.line}:{finding.column}: {severity} {finding.rule}: "
            f"{clean(finding.message)}{state}"
        )
        if frames and finding.path in sources:
            lines += _render_frame(finding, sources[finding.path].line_text(finding.line))
    return lines


def _source_name(finding: Finding) -> str:
    return finding.message + (f" (made in {finding.source})" if finding.source else "")


def _state_name(finding: Finding) -> str:
    made = f", made in {finding.source}" if finding.source else ""
    return f" (state '{finding.state}'{made})" if finding.state else ""


def _render_frame(finding: Finding, text: str) -> list[str]:
    if not text.strip():
        return []
    number = f"{finding.line:>6} | "
    room = max(20, min(_WIDEST, report_width() - len(number)))
    start = max(0, finding.column - 1 - room // 2)
    shown = clean(text[start : start + room])
    return [f"{number}{shown}", " " * 6 + " | " + " " * (finding.column - 1 - start) + "^"]


def count_severities(findings: Iterable[Finding]) -> str:
    """Count the findings of each severity in words: `2 errors, 1 note`; `nothing` if none."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
    said = [f"{n} {name}{'s' if n > 1 else ''}" for name, n in counts.items() if n]
    return ", ".join(said) or "nothing"


def list_summary(report: Report) -> Iterator[str]:
    """List what was not checked, each with its reason, and last how much was checked."""
    yield from (one.format() for one in report.unseen)
    for path, names in report.unset.items():
        yield f"{path}: no value for {', '.join(names)}: checked as any value"
    yield f"carnation: {_format_summary(report)}"


def _format_summary(report: Report) -> str:
    """Describe how much was checked: `checked 3 state machines in 2 files: 1 error found`."""
    if report.is_empty:
        return "nothing was checked: no state machine definition found"
    files = f"{report.files} file{'' if report.files == 1 else 's'}"
    machines = f"{report.definitions} state machine{'' if report.definitions == 1 else 's'}"
    missed = f"; {len(report.unseen)} not seen" if report.unseen else ""
    return f"checked {machines} in {files}: {count_severities(report.findings)} found{missed}"


def render_json(
    findings: Iterable[Finding], definitions: int, unseen: Iterable[Unseen] = ()
) -> str:
    """Write findings for a program; `aws` is AWS's code and its way to say where."""
    entries = []
    for finding in findings:
        entry: dict[str, Json] = finding._asdict()
        code = entry.pop("code")
        del entry["facts"]
        if not finding.source:
            del entry["source"]
        if code:
            entry["aws"] = {"code": code, "location": locate_for_aws(finding.pointer)}
        entries.append(entry)
    missed = [one._asdict() for one in unseen]
    report = {"definitions": definitions, "findings": entries, "unseen": missed}
    return json.dumps(report, indent=2) + "\n"


def locate_for_aws(pointer: str) -> str:
    """Write a pointer as AWS does in its diagnostics.

    >>> locate_for_aws("/States/C/Choices/0/Next")
    '/States/C/Choices[0]/Next'
    """
    parts = pointer.rpartition("#")[2].split("/")
    return "".join(
        f"[{part}]" if part.isdigit() and parts[i - 1] != "States" else f"/{part}"
        for i, part in enumerate(parts) if i
    )  # fmt: skip


def render_github(findings: Iterable[Finding]) -> list[str]:
    """Write findings as workflow commands, which GitHub shows next to the changed lines.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    levels = {ERROR: "error", WARNING: "warning", NOTE: "notice"}
    return [
        f"::{levels[finding.severity]} file={_escape_property(finding.path)},"
        f"line={finding.line},col={finding.column},title={finding.rule}"
        f"::{_escape_message(_source_name(finding))}"
        for finding in findings
    ]


def _escape_message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_message(text).replace(":", "%3A").replace(",", "%2C")


def render_sarif(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """Write findings as SARIF 2.1.0, with the page of each rule that has something to say.

    Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    used = sorted({finding.rule for finding in findings})
    run = {
        "tool": {
            "driver": {
                "name": "carnation",
                "semanticVersion": __version__,
                "rules": [_describe_rule(rule_id, rules.get(rule_id)) for rule_id in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_render_result(finding, used.index(finding.rule)) for finding in findings],
    }
    schema = (
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    )
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _describe_rule(rule_id: str, rule: Rule | None) -> dict[str, Json]:
    if rule is None:  # cfn-lint's, which has pages of its own
        return {"id": rule_id}
    page = rule.explain()
    return {
        "id": rule.id,
        "shortDescription": {"text": page.partition("\n")[0]},
        "fullDescription": {"text": page},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.family]},
    }


def _render_result(finding: Finding, index: int) -> dict[str, Json]:
    region = {"startLine": finding.line, "startColumn": finding.column}
    uri = finding.path.replace("\\", "/")
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": _source_name(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _quote(uri)},
                    "region": region,
                },
                "logicalLocations": [{"fullyQualifiedName": finding.pointer, "kind": "element"}],
            }
        ],
    }


def _quote(uri: str) -> str:
    from urllib.parse import quote  # only SARIF needs it

    return quote(uri, safe="/:", errors="surrogatepass")


def render_pages(rules: Iterable[Rule]) -> str:
    """Write the page of all rules, in Markdown, from their docstrings."""
    from carnation.linter.fixes import FIXERS  # only the page needs it

    lines = [
        "# The rules of `carnation lint`",
        "",
        "Written by `python scripts/write_rules.py` from the docstrings of the rules. A *refusal*",
        "is what CreateStateMachine and ValidateStateMachineDefinition reject; a *call* is",
        "rejected by the service when it is called; a *risk* is what both let through. Severities",
        "are defaults, which `pyproject.toml` changes:",
        "",
        "```toml",
        "[tool.carnation.lint]",
        'fail-on = "warning"',
        'severity = { "lambda-without-retry" = "warning", "fail-without-error" = "off" }',
        "```",
        "",
        "A finding is suppressed in the `Comment` of its state (or of the state machine), or in a",
        "remark there in YAML and json5, with the reason:",
        "`carnation: ignore RULE because REASON`.",
        "",
        "What is marked `--fix` has one safe",
        "answer, which `carnation lint --fix` writes into the file; `--diff` only shows it. A fix",
        "that would bring another finding is not made.",
        "",
    ]
    for family, title in (("refusal", "Refusals"), ("call", "Calls"), ("risk", "Risks")):
        lines += [f"## {title}", ""]
        for rule in sorted(rules, key=lambda rule: rule.id):
            if rule.family == family:
                code = f" · AWS: `{rule.code}`" if rule.code else ""
                fix = " · `--fix`" if rule.id in FIXERS else ""
                lines += [f"### `{rule.id}`", "", f"{rule.severity}{code}{fix}", ""]
                lines += [*_mark_heads(rule.explain()), ""]
    return "\n".join(lines)


def _mark_heads(page: str) -> list[str]:
    lines: list[str] = []
    for line in page.rstrip().splitlines():
        head, colon, rest = line.partition(":")
        if colon and head in ("Problem", "Solution", "Source"):
            if lines and lines[-1]:
                lines.append("")
            line = f"**{head}:**{rest}"
        lines.append(line)
    return lines


FORMATS: Final[Mapping[str, Callable[[Report], str]]] = {
    "json": lambda report: render_json(report.findings, report.definitions, report.unseen),
    "sarif": lambda report: render_sarif(report.findings, RULES),
    "github": lambda report: "".join(f"{line}\n" for line in render_github(report.findings)),
}
"""What `--format` names, beside `text`, which knows the terminal."""


def render(report: Report, name: str) -> str:
    """Render a report in a format; `text` has frames for a terminal, and a line each for a pipe."""
    if name != "text":
        return FORMATS[name](report)
    color, frames = has_color(sys.stdout), sys.stdout.isatty()
    lines = render_text(report.findings, report.sources, color=color, frames=frames)
    return "".join(f"{line}\n" for line in lines)
