"""Show every definition of the project to other people's checkers: those that are installed.

Run as `python scripts/check_definitions.py`, or with names of checks. The examples and the
acceptance workflows are built; templates go to cfn-lint, checkov, and cloudformation-validate,
definitions to carnation's lint, modules to mypy and pyright. It says which checkers are
missing and how to install them, and ends with 1 where one finds anything.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

PROJECTS = (ROOT, ROOT / "tests" / "acceptance")
MISUNDERSTOOD = {"W1001", "W1030"}
"""What cloudformation-validate says of values that a condition keeps from being used."""


class MissingError(Exception):
    """A checker is not installed; its text says how to install it."""


def build(folder: Path) -> None:
    """Build every workflow of both projects below a folder."""
    from carnation.artifacts import make_artifacts, write_artifacts
    from carnation.workflow import load_workflows

    for project in PROJECTS:
        for workflow in load_workflows(str(project)):
            write_artifacts(str(folder), make_artifacts(str(project), workflow))


def list_templates(folder: Path) -> list[str]:
    """List the templates that were built."""
    return [str(path) for path in sorted(folder.rglob("cft/**/*.yaml"))]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a checker, without the network."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    away = {"HTTPS_PROXY": "http://127.0.0.1:9", "PYTHONPATH": paths}
    return subprocess.run(  # noqa: S603 - the commands are ours
        command, cwd=ROOT, env={**os.environ, **away}, capture_output=True, text=True, check=False
    )


def find_program(name: str, install: str) -> str:
    """Find a program: named by a variable (CHECKOV), or on PATH."""
    found = os.environ.get(name.upper()) or shutil.which(name)
    if not found:
        raise MissingError(install)
    return found


def check_lint(folder: Path) -> tuple[str, list[str]]:
    """Ask carnation's own lint."""
    from carnation.linter import lint

    report = lint(str(folder / "build"))
    found = [f"{one.path}: {one.rule}: {one.message}" for one in report.select("warning")]
    return f"{report.definitions} definitions", found


def check_cfn_lint(folder: Path) -> tuple[str, list[str]]:
    """Ask cfn-lint."""
    try:
        from cfnlint.config import ConfigMixIn
        from cfnlint.runner import Runner
    except ImportError as error:
        raise MissingError("pip install -e '.[cloudformation]'") from error
    templates = list_templates(folder)
    found = Runner(ConfigMixIn([], templates=templates)).run()
    return f"{len(templates)} templates", [f"{one.filename}: {one.rule.id} {one.message}"
                                           for one in found]  # fmt: skip


def check_validate(folder: Path) -> tuple[str, list[str]]:
    """Ask cloudformation-validate, the engine behind CloudFormation's own checks."""
    try:
        import cloudformation_validate as validator
    except ImportError as error:
        raise MissingError("pip install -e '.[test]'") from error
    templates = list_templates(folder)
    engine = validator.CompositeEngine()
    config = validator.ValidateConfig(severity_level=validator.Severity.WARN)
    found = [
        f"{path}: {one.rule_id} {one.entity.logical_id}"
        for path in templates
        for one in engine.validate_template(path, config).diagnostics
        if one.rule_id not in MISUNDERSTOOD
    ]
    return f"{len(templates)} templates", found


def check_checkov(folder: Path) -> tuple[str, list[str]]:
    """Ask checkov; what a resource excepts has its reason in the template."""
    program = find_program("checkov", "pip install checkov, in an environment of its own")
    options = ("--framework", "cloudformation", "--output", "json", "--skip-download")
    done = run(program, "--directory", str(folder), *options)
    report = json.loads(done.stdout)
    summary = report["summary"]
    found = [f"{one['file_path']}: {one['check_id']} {one['resource']}"
             for one in report["results"]["failed_checks"]]  # fmt: skip
    return (
        f"{summary['resource_count']} resources, {summary['passed']} checks passed, "
        f"{summary['skipped']} excepted"
    ), found


def list_modules() -> list[str]:
    """List the modules of definitions."""
    return [str(path) for project in PROJECTS for path in sorted(project.glob("definitions/*.py"))]


def check_mypy(folder: Path) -> tuple[str, list[str]]:
    """Ask mypy, strictly; the two projects have one folder name, so each is asked alone."""
    lines: list[str] = []
    for project in PROJECTS:
        modules = sorted(map(str, project.glob("definitions/*.py")))
        done = run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "mypy"),
                   "--config-file", os.devnull, "--explicit-package-bases", *modules)  # fmt: skip
        if "No module named mypy" in done.stderr:
            raise MissingError("pip install -e '.[test]'")
        lines += done.stdout.splitlines() if done.returncode else []
    return f"{len(list_modules())} modules", lines


def check_pyright(folder: Path) -> tuple[str, list[str]]:
    """Ask pyright, as editors do."""
    program = find_program("pyright", "pip install pyright, or npm install pyright")
    done = run(program, "--outputjson", "--pythonpath", sys.executable, *list_modules())
    report = json.loads(done.stdout)
    found = [f"{one['file']}:{one['range']['start']['line'] + 1}: {one['message']}"
             for one in report["generalDiagnostics"] if one["severity"] == "error"]  # fmt: skip
    return f"{report['summary']['filesAnalyzed']} modules", found


CHECKS: dict[str, Callable[[Path], tuple[str, list[str]]]] = {
    "lint": check_lint,
    "cfn-lint": check_cfn_lint,
    "cloudformation-validate": check_validate,
    "checkov": check_checkov,
    "mypy": check_mypy,
    "pyright": check_pyright,
}


def main(names: list[str]) -> int:
    """Run each check; return 1 where one finds anything, 2 for a name that is no check."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"no such check: {', '.join(unknown)}. Checks: {', '.join(CHECKS)}")
        return 2
    failed = 0
    with tempfile.TemporaryDirectory(prefix="carnation-definitions-") as made:
        build(Path(made))
        for name in names or CHECKS:
            try:
                what, found = CHECKS[name](Path(made))
            except MissingError as error:
                print(f"{name}: not installed ({error})")
                continue
            failed |= bool(found)
            print(f"{name}: {what}: {f'{len(found)} found' if found else 'nothing found'}")
            print("".join(f"  {line}\n" for line in found), end="")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
