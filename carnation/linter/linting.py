"""The lint as one call: find the files, open their definitions, run the rules, sort the findings.

`carnation lint` prints what `lint` returns, and `carnation deploy` stops at it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from carnation.linter.built import find_tree, read_declared, read_type
from carnation.linter.findings import SEVERITIES, Finding
from carnation.linter.runner import Settings, Source, review_definition
from carnation.linter.sources import is_template_file, open_targets
from carnation.linter.targets import is_link_out, walk_folder
from carnation.records import NamedTuple
from carnation.sources import Unseen

Locate = Callable[[str, Iterable[Finding]], list[Finding]]
"""Adds the lines of Python to findings in a built definition."""


class Report(NamedTuple):
    """What a lint found, by path, line and column; `definitions` counts those it read.

    `files` counts those that they are in, and `unseen` names the state machines whose definition
    it could not see. `unset` names the variables of each file that have no value there.
    """

    findings: tuple[Finding, ...]
    sources: Mapping[str, Source]
    definitions: int
    files: int = 0
    unseen: tuple[Unseen, ...] = ()
    unset: Mapping[str, Iterable[str]] = {}

    @property
    def worst(self) -> str | None:
        """The most severe severity among the findings; None where there are none."""
        return min((one.severity for one in self.findings), key=SEVERITIES.index, default=None)

    def select(self, severity: str) -> list[Finding]:
        """Return the findings of at least this severity; none for `never`."""
        wanted = _at_least(severity)
        return [finding for finding in self.findings if finding.severity in wanted]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was looked at: no definition, and none that cannot be read."""
        return not self.definitions and not self.findings


def lint(
    targets: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    settings: Settings | None = None,
    *,
    type: str | None = None,
    locate: Locate | None = None,
    cfn_lint: bool = False,
) -> Report:
    """Lint files, folders, built workflows; all of `build/` without targets.

    `type` is that of the state machines (default: what a template or `build/` says, else
    STANDARD). `cfn_lint` runs cfn-lint over the templates, too. Raises `UsageError` for a target
    that does not exist; a definition that cannot be read is a finding.
    """
    settings = settings or Settings()
    listed = [targets] if isinstance(targets, str | os.PathLike) else targets
    names = [os.fspath(target) for target in listed]
    opened = open_targets(names)
    findings = list(opened.findings)
    sources: dict[str, Source] = {}
    unset: dict[str, dict[str, None]] = {}
    for source in opened.sources:
        sources[source.where] = source
        if source.unset:
            unset.setdefault(source.where, {}).update(dict.fromkeys(source.unset))
        found = [
            finding
            for one in source.list_deployed()
            for finding in _review(source.where, one, type, settings)
        ]
        if locate and found and find_tree(source.where):
            found = locate(source.where, found)
        findings += found
    if cfn_lint:
        findings += _check_templates(names, settings)
    # one definition may be deployed twice: by a loop, in each branch of a condition
    findings = list(dict.fromkeys(findings))
    findings.sort(key=lambda finding: (finding.path, finding.line, finding.column))
    count, unseen = len(opened.sources), tuple(opened.unseen)
    return Report(tuple(findings), sources, count, len(sources), unseen, unset)


def _review(path: str, source: Source, type: str | None, settings: Settings) -> list[Finding]:
    kind = type or getattr(source, "type", None) or read_type(path)
    return review_definition(source, type=kind, settings=settings, declared=read_declared(path))


def _check_templates(targets: Sequence[str], settings: Settings) -> list[Finding]:
    """Let cfn-lint look at the templates among the targets; those of build/ without targets."""
    from carnation.linter.templates import check_templates  # a second, for those who ask

    wanted = _at_least(settings.lowest)
    return [
        found for found in check_templates(_find_templates(targets)) if found.severity in wanted
    ]


def _find_templates(targets: Sequence[str]) -> list[str]:
    paths: Iterator[str] = (
        path
        for target in targets or ["build"]
        for path in (_walk_inside(target) if os.path.isdir(target) else [target])
    )
    return [path for path in paths if is_template_file(path)]


def _walk_inside(folder: str) -> Iterator[str]:
    return (path for path in walk_folder(folder) if not is_link_out(path, folder))


def _at_least(severity: str) -> tuple[str, ...]:
    return () if severity == "never" else SEVERITIES[: SEVERITIES.index(severity) + 1]
