from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_benchmark", BENCHMARKS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def make_rows(benchmark: ModuleType, **changes: Any) -> list[Any]:
    row = benchmark.Row("carnation build", 0.06, 6.0, 16.5, [], limit=6.0)
    return [
        benchmark.Row("python -c pass", 0.01, 1.0, 14.0, spread=(0.0098, 0.011)),
        row._replace(**changes),
        benchmark.Row("plain script", 2.5, 250.0, 206.7, ["boto3", "sagemaker"]),
        benchmark.Row("cdk synth", missing="not installed; see there"),
    ]


def test_the_table_is_aligned_and_ends_with_the_verdict(benchmark: ModuleType) -> None:
    rows = make_rows(benchmark)
    *table, noise, verdict = benchmark.render_table(
        rows, benchmark.find_broken_promises(rows)
    ).splitlines()
    assert "\n".join(table) == (
        "                 CPU ms  ratio    MiB  heavy modules\n"
        "python -c pass     10.0    1.0   14.0\n"
        "carnation build    60.0    6.0   16.5  none\n"
        "plain script     2500.0  250.0  206.7  boto3, sagemaker\n"
        "cdk synth             -      -      -  not installed; see there\n"
    )
    assert noise.startswith("noise: half of the runs of `python -c pass` took 9.8 to 11.0 ms; load")
    assert verdict.startswith("promises hold: CPU at most 6 from nothing and 4 up to date")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ratio": 6.01}, "carnation build: CPU is 6.01, promised 6"),
        ({"ratio": None}, "carnation build: CPU is unknown, promised 6"),
        ({"memory": 18.1}, "carnation build: memory is 18.10 MiB, promised at most 18"),
        ({"memory": None}, "carnation build: memory is unknown MiB, promised at most 18"),
        ({"heavy": ["moto", "yaml"]}, "carnation build: loads moto, yaml"),
        ({"heavy": None}, "carnation build: what it loads is unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_promise_that_is_broken_is_said(
    benchmark: ModuleType, changes: dict[str, Any], said: str
) -> None:
    rows = make_rows(benchmark, **changes)
    broken = benchmark.find_broken_promises(rows)
    assert broken == [said]
    assert benchmark.render_table(rows, broken).splitlines()[-1] == f"promises broken: {said}"


def test_a_value_at_the_limit_and_other_tools_break_no_promise(benchmark: ModuleType) -> None:
    rows = make_rows(benchmark, ratio=6.0, memory=18.0)
    assert benchmark.find_broken_promises(rows) == []


def test_nothing_measured_is_no_promise_kept(benchmark: ModuleType) -> None:
    rows = [row for row in make_rows(benchmark) if row.limit is None]
    assert benchmark.find_broken_promises(rows) == ["nothing was measured that a promise is about"]


def test_a_machine_reads_the_same_numbers(benchmark: ModuleType) -> None:
    rows = make_rows(benchmark, ratio=9.5)
    text = benchmark.render_json(rows, benchmark.find_broken_promises(rows), 15)
    document = json.loads(text)
    assert text.endswith("}\n")
    assert document["repeat"] == 15
    assert document["limits"]["memory_mib"] == 18
    assert document["rows"][1] == {
        "name": "carnation build",
        "limit": 6,
        "quartiles": None,
        "cpu_seconds": 0.06,
        "ratio": 9.5,
        "memory_mib": 16.5,
        "heavy_modules": [],
        "missing": None,
    }
    assert document["rows"][3]["missing"] == "not installed; see there"
    assert document["broken"] == ["carnation build: CPU is 9.50, promised 6"]


@pytest.mark.parametrize(("ratio", "status"), [(6.0, 0), (6.1, 1)])
def test_the_exit_status_is_the_verdict(
    benchmark: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ratio: float,
    status: int,
) -> None:
    rows = make_rows(benchmark, ratio=ratio)
    monkeypatch.setattr(benchmark, "measure_all", lambda comparators, repeat: rows)
    assert benchmark.main([]) == status
    assert ("promises hold" in capsys.readouterr().out) is (status == 0)
    assert benchmark.main(["--format", "json"]) == status
    assert bool(json.loads(capsys.readouterr().out)["broken"]) is bool(status)


def test_wrong_use_and_a_subject_that_fails_are_status_2(
    benchmark: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark.main(["--repeat", "0"]) == 2
    assert "--repeat takes a number from 1" in capsys.readouterr().err

    def fail(comparators: Path, repeat: int) -> None:
        raise benchmark.BenchmarkError("'plain script' ended with 1.")

    monkeypatch.setattr(benchmark, "measure_all", fail)
    assert benchmark.main([]) == 2
    assert capsys.readouterr().err == "benchmark: 'plain script' ended with 1.\n"


def test_a_process_is_measured_and_one_that_fails_is_an_error_with_its_words(
    benchmark: ModuleType, tmp_path: Path
) -> None:
    seconds, mebibytes = benchmark.run_process(benchmark.Subject("p", ["-c", "1"]), tmp_path, {})
    assert 0 < seconds < 60
    assert 1 < mebibytes < 4096
    broken = benchmark.Subject("broken", ["-c", "raise SystemExit('no such thing')"])
    with pytest.raises(benchmark.BenchmarkError, match=r"'broken' ended with 1.*\n.*no such thing"):
        benchmark.run_process(broken, tmp_path, {})


def test_heavy_modules_are_found_in_scripts_and_modules(
    benchmark: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "yaml.py").write_text("")
    (tmp_path / "light.py").write_text("import json\n")
    (tmp_path / "heavy.py").write_text("import yaml, sys\nsys.exit(0)\n")

    def look(*arguments: str) -> Any:
        subject = benchmark.Subject("x", arguments)
        return benchmark.list_heavy_modules(subject, tmp_path, {"PYTHONPATH": str(tmp_path)})

    assert look("heavy.py") == ["yaml"]
    assert look("-m", "heavy") == ["yaml"]
    assert look("-m", "light") == []
    assert look("-c", "pass") is None
    with pytest.raises(benchmark.BenchmarkError, match="missing"):
        look("-m", "missing")


def test_what_is_not_installed_is_said_and_not_run(benchmark: ModuleType, tmp_path: Path) -> None:
    subjects = benchmark.list_subjects(tmp_path, tmp_path / "nothing")
    assert [subject.name for subject in subjects if subject.missing] == [
        "plain script, full SDK",
        "cdk synth, JavaScript",
        "cdk synth, Python",
        "sfnx compile, a definition alone",
        "cfn-lint, the same in a template",
        "asl-validator",
        "statelint",
        "moto, the same",
        "aws-local-stepfunctions, the same",
    ]
    assert all("benchmarks/README.md" in subject.missing for subject in subjects if subject.missing)
    assert subjects[0].command == [sys.executable, "-c", "pass"]


def test_the_median_is_the_middle(benchmark: ModuleType) -> None:
    assert benchmark.take_median([3.0, 1.0, 2.0]) == 2.0
    assert benchmark.take_median([4.0, 1.0, 2.0, 3.0]) == 2.5


def test_the_readme_of_the_benchmarks_installs_what_the_benchmark_looks_for(
    benchmark: ModuleType, tmp_path: Path
) -> None:
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    text = (BENCHMARKS / "peers.py").read_text(encoding="utf-8")
    folders = re.findall(r'comparators / "([\w-]+)"', text)
    assert len(folders) > 7
    for folder in folders:
        assert f".venv-benchmarks/{folder}" in readme


def test_a_deployment_that_takes_too_long_in_one_run_breaks_a_promise() -> None:
    spec = importlib.util.spec_from_file_location("_deploy", BENCHMARKS / "deploy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    quick, slow = module.Run(1.0, 0.3), module.Run(3.0, 0.3)
    runs = {name: [quick, quick, quick] for name in ("python -c pass", *module.SUBJECTS)}
    assert module.find_broken(module.summarize(runs)) == []
    runs["again, nothing changed"] = [quick, slow, quick]
    rows = module.summarize(runs)
    assert rows["again, nothing changed"] == {"seconds": 1.0, "slowest": 3.0, "cpu_ratio": 1.0}
    assert module.find_broken(rows) == ["again, nothing changed: 3.0 s, promised less than 3"]


def test_the_figures_in_the_readme_are_the_results_that_are_kept(benchmark: ModuleType) -> None:
    kept = json.loads(benchmark.RESULTS.read_text(encoding="utf-8"))
    text = benchmark.README.read_text(encoding="utf-8")
    assert benchmark.replace_figures(text, kept) == text, "run benchmarks/build.py --write"
    kept["rows"][1]["ratio"] += 1
    assert benchmark.replace_figures(text, kept) != text


def test_what_is_not_installed_and_what_is_broken_stands_in_the_readme(
    benchmark: ModuleType,
) -> None:
    rows = [
        benchmark.Row("python -c pass", 0.01, 1.0, 15.0, None, None, "", (0.009, 0.011)),
        benchmark.Row("carnation build", 0.07, 7.0, 17.0, [], 6.0),
        benchmark.Row("statelint", missing="not installed"),
    ]
    kept = json.loads(benchmark.render_json(rows, ["carnation build: 7"], 3))
    text = benchmark.render_figures(kept)
    assert "| carnation build | 70 | 7.0 | 6 | 17.0 | none |" in text
    assert "| statelint | not installed | | | | |" in text
    assert text.endswith("- carnation build: 7\n")
