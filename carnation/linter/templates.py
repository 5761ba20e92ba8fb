"""cfn-lint over templates: its findings as ours, without what it gets wrong about state machines.

The one door to cfn-lint, an extra (`carnation[cloudformation]`): loading its rules takes a second,
so all templates share one runner. What it says about definitions (E3601) is left out: it refuses
correct JSONata and every partition but `aws`, and our own rules see more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnation.document import join_pointer
from carnation.document.values import Json
from carnation.errors import UsageError
from carnation.linter.findings import ERROR, NOTE, WARNING, Finding

_LEFT_OUT = ("E3601",)
_SEVERITIES = {"error": ERROR, "warning": WARNING, "informational": NOTE}


def check_templates(paths: Sequence[str], regions: Sequence[str] = ()) -> Iterator[Finding]:
    """Run cfn-lint over templates; raises `UsageError` where it is not installed.

    A finding's rule is cfn-lint's, as in `cfn-lint-E3002`; its pages are cfn-lint's, too.
    Source: https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
    """
    try:
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import Runner
    except ImportError as error:
        raise UsageError(
            "checking templates needs cfn-lint: pip install 'carnation[cloudformation]'."
        ) from error
    given = {"regions": list(regions)} if regions else {}
    if paths:
        runner = Runner(ConfigMixIn([], templates=sorted(paths), **given))
        yield from (_make_finding(match) for match in runner.run() if _counts(match))


def _counts(match: Json) -> bool:
    return match.rule.id not in _LEFT_OUT


def _make_finding(match: Json) -> Finding:
    path = [str(part) for part in getattr(match, "path", None) or ()]
    return Finding(
        rule=f"cfn-lint-{match.rule.id}",
        severity=_SEVERITIES.get(str(match.rule.severity).lower(), WARNING),
        message=" ".join(str(match.message).split()),
        path=str(match.filename),
        line=max(1, int(match.linenumber)),
        column=max(1, int(match.columnnumber)),
        pointer=join_pointer("", *path),
        state="",
        code="",
    )
