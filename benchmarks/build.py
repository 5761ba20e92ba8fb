"""What a build costs: the CPU of the whole process, as a multiple of `python -c pass`.

Run as `python benchmarks/build.py`. Measures `carnation build` on a copy of the project, in a plain
environment that it makes, and beside it the peers that are installed (see peers.py); says whether
the promises hold, and exits 1 if they do not. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# What this process holds in memory is the least that the kernel reports for those it starts, so
# nothing heavy is imported here (not even `statistics`).

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.environment import make_environment  # noqa: E402
from benchmarks.peers import list_peers  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results.json"
README = ROOT / "benchmarks" / "README.md"
_FIGURES = ("<!-- figures of results.json -->\n", "<!-- end of figures -->\n")

MAX_RATIO = 6.0
MAX_CURRENT_RATIO = 4.0
"""Of a build of what is up to date, and of `--check`."""
MAX_MEMORY = 18.0
HEAVY_MODULES = (
    "boto3", "botocore", "cfnlint", "moto", "numpy", "pandas", "pkg_resources", "sagemaker", "yaml",
)  # fmt: skip
"""None of these may be loaded by a build."""

_LIST_HEAVY = """
import atexit, runpy, sys
heavy = set({heavy!r})
atexit.register(lambda: print("heavy:", *sorted(heavy & set(sys.modules)), file=sys.stderr))
sys.argv = {argv!r}
runpy.{run}(sys.argv[0], run_name="__main__"{alter})
"""


class BenchmarkError(Exception):
    """A subject could not be measured; says which, how it was started, and what it said."""


class Subject(NamedTuple):
    """A process to measure.

    `arguments` follow the interpreter (or are the whole command, where `python` is None); `prepare`
    runs, unmeasured, before each run; `limit` is the promised ratio; `missing` says how to install
    what is not there.
    """

    name: str
    arguments: Sequence[str] = ()
    python: str | None = sys.executable
    prepare: Callable[[], None] | None = None
    limit: float | None = None
    missing: str = ""

    @property
    def command(self) -> list[str]:
        """The command line of the process."""
        return [*([self.python] if self.python else ()), *self.arguments]


class Row(NamedTuple):
    """A subject measured: medians of CPU and its ratio, the largest memory of any of its runs.

    `heavy` is None where it was not looked at (processes that are not Python).
    """

    name: str
    cpu_seconds: float | None = None
    ratio: float | None = None
    memory: float | None = None
    heavy: Sequence[str] | None = None
    limit: float | None = None
    missing: str = ""
    spread: tuple[float, float] | None = None
    """The quartiles of its CPU seconds: what half of the runs took."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, measure, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    if options.repeat < 1:
        print("benchmark: --repeat takes a number from 1.", file=sys.stderr)
        return 2
    try:
        rows = measure_all(Path(options.comparators).resolve(), options.repeat)
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    broken = find_broken_promises(rows)
    document = render_json(rows, broken, options.repeat)
    if options.format == "json":
        print(document, end="")
    else:
        print(render_table(rows, broken))
    if options.write:
        RESULTS.write_text(document, encoding="utf-8")
        text = README.read_text(encoding="utf-8")
        README.write_text(replace_figures(text, json.loads(document)), encoding="utf-8")
    return 1 if broken else 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks/build.py",
        description="Measure what a build costs, as a multiple of `python -c pass`.",
        epilog="example: python benchmarks/build.py --repeat 31",
    )
    parser.add_argument("--repeat", type=int, default=15, metavar="N", help="runs of each subject")
    parser.add_argument(
        "--comparators",
        default=str(ROOT / ".venv-benchmarks"),
        metavar="FOLDER",
        help="where the other tools are installed (default: .venv-benchmarks)",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument(
        "--write", action="store_true", help="keep the results, and write README's table from them"
    )
    return parser


def measure_all(comparators: Path, repeat: int) -> list[Row]:
    """Measure every subject, on a copy of the project that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="carnation-benchmark-") as folder:
        project = _copy_project(Path(folder))
        subjects = list_subjects(project, comparators, make_environment())
        return _measure(subjects, project, comparators, repeat)


def _copy_project(folder: Path) -> Path:
    """Copy what a build reads, so that nothing is written into the reviewed `build/`."""
    left_out = shutil.ignore_patterns("__pycache__")
    for name in ("definitions", "lambdas"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    return folder


def list_subjects(project: Path, comparators: Path, python: str = sys.executable) -> list[Subject]:
    """List what is measured: the bare interpreter first, then carnation, then the others."""

    def build(name: str, *arguments: str, prepare: Callable[[Path], None] | None = None) -> Subject:
        limit = MAX_RATIO if prepare else MAX_CURRENT_RATIO
        command = ["-m", "carnation", "build", *arguments]
        ready = (lambda: prepare(project)) if prepare else None
        return Subject(name, command, python, ready, limit)

    return [
        Subject("python -c pass", ["-c", "pass"], python),
        build("carnation build, of nouns, from nothing", "orders", prepare=clear_all),
        build("carnation build, from nothing", "carnation", prepare=clear_all),
        build("carnation build, without build/", "carnation", prepare=move_build),
        build("carnation build, up to date", "carnation"),
        build("carnation build --check", "carnation", "--check"),
        *(Subject(*peer) for peer in list_peers(project, comparators, python)),
    ]


def move_build(project: Path) -> None:
    """Move `build/` away: what was deleted within a minute, ext4 does not give out again.

    A build just after a deletion of so many files would wait for the system to pass over them.
    Source: `recently_deleted` of https://github.com/torvalds/linux/blob/v6.6/fs/ext4/ialloc.c
    """
    if (project / "build").exists():
        (project / "build").rename(tempfile.mkdtemp(prefix="old-", dir=project) + "/build")


def clear_all(project: Path) -> None:
    """Move away what a build has written, its cache as well; the bytecode stays."""
    move_build(project)
    old = Path(tempfile.mkdtemp(prefix="old-", dir=project))
    for pattern in ("*.build", "*.installation"):
        for path in (project / "definitions" / "__pycache__").glob(pattern):
            path.rename(old / path.name)


def _make_environment(
    project: Path, comparators: Path, subjects: Sequence[Subject]
) -> dict[str, str]:
    """Make the same bare environment for every process, whatever that of the caller is."""
    cdk = next(
        (subject.command[0] for subject in subjects if "/.bin/cdk" in subject.command[0]), ""
    )
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(project),
        "NODE_PATH": cdk.partition("/.bin/")[0],
        # the script that RubyGems writes looks for its gems in here
        "GEM_PATH": str(comparators / "statelint"),
        # its default validation takes several times the synthesis itself
        "CDK_VALIDATION": "false",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "true",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "true",
    }


def _measure(
    subjects: Sequence[Subject], project: Path, comparators: Path, repeat: int
) -> list[Row]:
    """Measure all subjects in turn, so that a busy moment of the machine meets each of them."""
    environment = _make_environment(project, comparators, subjects)
    there = [subject for subject in subjects if not subject.missing]
    seconds: dict[str, list[float]] = {subject.name: [] for subject in there}
    memory: dict[str, float] = {}
    for turn in range(repeat + 1):
        for subject in there:
            used, largest = run_process(subject, project, environment)
            if turn:  # the first one warms up: bytecode is compiled, files come into the cache
                seconds[subject.name].append(used)
                memory[subject.name] = max(largest, memory.get(subject.name, 0.0))
    medians = {name: take_median(values) for name, values in seconds.items()}
    one = medians[subjects[0].name]
    return [
        Row(subject.name, limit=subject.limit, missing=subject.missing)
        if subject.missing
        else Row(
            subject.name,
            medians[subject.name],
            medians[subject.name] / one,
            memory[subject.name],
            list_heavy_modules(subject, project, environment),
            subject.limit,
            spread=find_quartiles(seconds[subject.name]),
        )
        for subject in subjects
    ]


def run_process(subject: Subject, cwd: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a process to its end; return its CPU seconds and its largest memory in MiB.

    Both are those of the process and of all the processes it waited for (`cdk` starts the app).
    """
    if subject.prepare:
        subject.prepare()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            subject.command, cwd=cwd, env=dict(environment), stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()[-2000:]
            raise BenchmarkError(
                f"'{subject.name}' ended with {process.returncode}. Its command was "
                f"{' '.join(subject.command)}, and it said:\n{said}"
            )
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def list_heavy_modules(
    subject: Subject, cwd: Path, environment: Mapping[str, str]
) -> list[str] | None:
    """Run a Python subject once more, unmeasured, and list which heavy modules it loaded."""
    if subject.python is None or subject.arguments[0] == "-c":
        return None
    is_module = subject.arguments[0] == "-m"
    code = _LIST_HEAVY.format(
        heavy=HEAVY_MODULES,
        argv=list(subject.arguments[1:] if is_module else subject.arguments),
        run="run_module" if is_module else "run_path",
        alter=", alter_sys=True" if is_module else "",
    )
    done = subprocess.run(
        [subject.python, "-c", code],
        cwd=cwd, env=dict(environment), capture_output=True, text=True, check=False,
    )  # fmt: skip
    listed = [line for line in done.stderr.splitlines() if line.startswith("heavy:")]
    if done.returncode or not listed:
        raise BenchmarkError(
            f"'{subject.name}' ended with {done.returncode} when its modules were to be listed. "
            f"It said:\n{done.stderr}"
        )
    return listed[-1].split()[1:]


def take_median(values: Sequence[float]) -> float:
    """Take the middle of the values, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def find_quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Find between which two values the middle half lies."""
    ordered = sorted(values)
    return ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]


def find_broken_promises(rows: Sequence[Row]) -> list[str]:
    """Say, one sentence each, which promises the rows do not keep."""
    promised = [row for row in rows if row.limit is not None]
    if not promised:
        return ["nothing was measured that a promise is about"]
    broken: list[str] = []
    for row in promised:
        if row.ratio is None or row.limit is None or row.ratio > row.limit:
            broken.append(f"{row.name}: CPU is {_number(row.ratio, 2)}, promised {row.limit:g}")
        if row.memory is None or row.memory > MAX_MEMORY:
            memory = f"{_number(row.memory, 2)} MiB, promised at most {MAX_MEMORY:g}"
            broken.append(f"{row.name}: memory is {memory}")
        if row.heavy is None:
            broken.append(f"{row.name}: what it loads is unknown")
        elif row.heavy:
            broken.append(f"{row.name}: loads {', '.join(row.heavy)}")
    return broken


def render_table(rows: Sequence[Row], broken: Sequence[str]) -> str:
    """Write the rows as an aligned table, and the verdict below it."""
    cells = [["", "CPU ms", "ratio", "MiB", "heavy modules"]]
    for row in rows:
        if row.missing:
            cells.append([row.name, "-", "-", "-", row.missing])
            continue
        milliseconds = None if row.cpu_seconds is None else row.cpu_seconds * 1000
        heavy = "" if row.heavy is None else ", ".join(row.heavy) or "none"
        cells.append(
            [row.name, _number(milliseconds), _number(row.ratio), _number(row.memory), heavy]
        )
    widths = [max(len(line[i]) for line in cells) for i in range(5)]
    lines = [
        "  ".join(
            cell.rjust(width) if 0 < i < 4 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    promise = (
        f"CPU at most {MAX_RATIO:g} from nothing and {MAX_CURRENT_RATIO:g} up to date, memory at "
        f"most {MAX_MEMORY:g} MiB, no heavy module"
    )
    verdict = f"promises broken: {'; '.join(broken)}" if broken else f"promises hold: {promise}"
    return "\n".join([*lines, "", *_describe_noise(rows), verdict])


def _describe_noise(rows: Sequence[Row]) -> list[str]:
    """Describe how steady the machine was: by the quartiles of the first row, and its load."""
    if not rows or rows[0].spread is None:
        return []
    low, high = (f"{seconds * 1000:.1f}" for seconds in rows[0].spread)
    load = f"; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    return [f"noise: half of the runs of `{rows[0].name}` took {low} to {high} ms{load}"]


def _number(value: float | None, digits: int = 1) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}"


def render_json(rows: Sequence[Row], broken: Sequence[str], repeat: int) -> str:
    """Write the rows, the limits and what is broken for a machine to read."""
    document: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "python": sys.version.split()[0],
        "machine": f"{os.uname().sysname}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
        "repeat": repeat,
        "limits": {"memory_mib": MAX_MEMORY, "heavy_modules": HEAVY_MODULES},
        "rows": [
            {
                "name": row.name,
                "limit": row.limit,
                "quartiles": row.spread,
                "cpu_seconds": row.cpu_seconds,
                "ratio": row.ratio,
                "memory_mib": row.memory,
                "heavy_modules": row.heavy,
                "missing": row.missing or None,
            }
            for row in rows
        ],
        "broken": list(broken),
    }
    return json.dumps(document, indent=2) + "\n"


def render_figures(document: Mapping[str, Any]) -> str:
    """Write the results that are kept as Markdown: how they were measured, and a table."""
    one = document["rows"][0]
    low, high = (f"{seconds * 1000:.1f}" for seconds in one["quartiles"])
    lines = [
        f"{document['date']}, {document['machine']} (load {document['load']}), Python "
        f"{document['python']}, {document['repeat']} runs of each;",
        f"half of the runs of `{one['name']}` took {low} to {high} ms.",
        "",
        "| | CPU ms | ratio | asked | MiB | heavy modules |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in document["rows"]:
        name = f"`{row['name']}`" if row is one else row["name"]
        if row["missing"]:
            lines.append(f"| {name} | not installed | | | | |")
            continue
        heavy = row["heavy_modules"]
        listed = "" if heavy is None else ", ".join(heavy) or "none"
        limit = "" if row["limit"] is None else f"{row['limit']:g}"
        lines.append(
            f"| {name} | {row['cpu_seconds'] * 1000:.0f} | {row['ratio']:.1f} | {limit} | "
            f"{row['memory_mib']:.1f} | {listed} |"
        )
    broken = [f"- {text}" for text in document["broken"]]
    return "\n".join(
        [*lines, "", *(["Not kept:", "", *broken] if broken else ["All is kept."]), ""]
    )


def replace_figures(text: str, document: Mapping[str, Any]) -> str:
    """Write the figures in README between their two marks."""
    begin, end = (text.index(mark) for mark in _FIGURES)
    return f"{text[: begin + len(_FIGURES[0])]}\n{render_figures(document)}\n{text[end:]}"


if __name__ == "__main__":
    sys.exit(main())
