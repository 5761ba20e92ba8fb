"""The house: each package says what it is for, and the pages for contributors name what exists."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = sorted(path.parent for path in (ROOT / "carnation").glob("*/__init__.py"))
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PAGES = [ROOT / ".github" / "CONTRIBUTING.md", ROOT / "docs" / "library.md", *DECISIONS]
_PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:cfg|toml|md))`")
_MODULE = re.compile(r"`(carnation(?:\.\w+)+)`")
_MADE = ("build", "lambdas", ".cache")
"""Folders of projects, and those that a script makes."""


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_says_what_enters_what_leaves_and_what_it_may_not_know(package: Path) -> None:
    doc = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert re.findall(r"^(Enters|Leaves|May not know): .+", doc, re.MULTILINE) == [
        "Enters", "Leaves", "May not know",
    ]  # fmt: skip
    assert len(doc.splitlines()) >= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_for_contributors_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = [path for path in _PATH.findall(text) if not path.startswith(_MADE)]
    roots = (ROOT, ROOT / "carnation", ROOT / "docs")
    assert [path for path in paths if not any((root / path).exists() for root in roots)] == []
    links = re.findall(r"\]\(((?!https?:)[^)#]+)\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert [name for name in _MODULE.findall(text) if not _exists(name)] == []


def _exists(name: str) -> bool:
    """Return whether a dotted name is a module, or a name in one."""
    *parents, last = name.split(".")
    module, outer = ROOT.joinpath(*parents, last), ROOT.joinpath(*parents)
    if module.is_dir() or module.with_suffix(".py").is_file():
        return True
    file = outer / "__init__.py" if outer.is_dir() else outer.with_suffix(".py")
    return (
        file.is_file() and re.search(rf"\b{last}\b", file.read_text(encoding="utf-8")) is not None
    )


def test_decisions_are_numbered_once_each() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert sorted(set(numbers)) == numbers
    for path, number in zip(DECISIONS, numbers, strict=True):
        assert path.read_text(encoding="utf-8").startswith(f"# {int(number)}. "), path.name


COMMANDS = sorted((ROOT / "carnation" / "cli").glob("*.py"))


@pytest.mark.parametrize("file", COMMANDS, ids=lambda path: path.stem)
def test_a_command_parses_calls_and_prints(file: Path) -> None:
    """What it does is a call of another package: 120 lines are enough for the rest."""
    text = file.read_text(encoding="utf-8")
    if "def _make_parser(" not in text:
        pytest.skip("shared by commands, and no command")
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 120


# names

_NAME = re.compile(r"^ *(?:async )?def _?(\w+)|^(_?[A-Z][A-Z_]*)\b.* = ", re.MULTILINE)
RETIRED_VERBS = (
    "give", "judge", "mend", "refuse", "say", "spell", "stand", "strand", "tell",
)  # fmt: skip
RETIRED_WORDS = re.compile(
    r"_?((DEEPEST|LARGEST|LEAST|LONGEST|MOST|SHORTEST)(_\w+)?|ABSENT|NOTHING|\w*AT_ONCE|TOO_MANY)"
)


def is_retired(function: str, constant: str) -> bool:
    return function.startswith(tuple(f"{verb}_" for verb in RETIRED_VERBS)) or (
        function in RETIRED_VERBS or RETIRED_WORDS.fullmatch(constant) is not None
    )


def test_names_are_the_words_of_the_field() -> None:
    """A function formats, rejects, finds, or checks; a limit is the MAX_ or MIN_ of a thing."""
    assert is_retired("tell_x", "")
    assert is_retired("", "_MOST")
    assert not is_retired("format", "MAX")
    assert [
        f"{path.relative_to(ROOT)}: {function or constant}"
        for path in sorted((ROOT / "carnation").rglob("*.py"))
        if "shapes" not in path.parts
        for function, constant in _NAME.findall(path.read_text(encoding="utf-8"))
        if is_retired(function, constant)
    ] == []


# imports

_IMPORT = re.compile(r"^ *from (carnation[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_TYPES = re.compile(r"^( *)if TYPE_CHECKING:\n(?:\1 +.*\n|\n)*", re.MULTILINE)
TYPE_CIRCLE = ("carnation.states.chain", "carnation.states.state")
"""Modules that import each other for types alone: a target is a state, or a chain of states."""


def read_imports(*, types: bool) -> dict[str, set[str]]:
    files = {
        ".".join(path.with_suffix("").relative_to(ROOT).parts).removesuffix(".__init__"): path
        for path in (ROOT / "carnation").rglob("*.py")
        if "shapes" not in path.parts
    }
    imports: dict[str, set[str]] = {}
    for name, path in files.items():
        text = path.read_text(encoding="utf-8")
        for package, names in _IMPORT.findall(text if types else _TYPES.sub("", text)):
            for word in re.findall(r"\w+", re.sub(r" as \w+|#.*", "", names)):
                module = f"{package}.{word}" if f"{package}.{word}" in files else package
                if module not in (name, "carnation"):
                    imports.setdefault(name, set()).add(module)
    return imports


def find_circle(imports: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_not_even_within_functions() -> None:
    assert find_circle(read_imports(types=False)) == []


def test_only_states_and_chains_import_each_other_for_types() -> None:
    imports = read_imports(types=True)
    chain, state = TYPE_CIRCLE
    imports[state] -= {chain}
    assert find_circle(imports) == []
