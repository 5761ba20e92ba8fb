"""The reference pages of the site: `make_pages` returns path to Markdown, made of the code itself.

Commands come from their parsers, Python names and fixtures from their docstrings.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from carnation import pytest_plugin  # noqa: E402  the project need not be installed
from carnation.cli.commands import COMMANDS, GROUPS  # noqa: E402

FIXTURES = ("deploy_workflow", "load_definition")


def list_packages() -> list[str]:
    """List the public packages, in the order of docs/compatibility.md."""
    page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    return list(dict.fromkeys(re.findall(r"`(carnation(?:\.[a-z_.]+)?)`", page)))


def make_pages() -> dict[str, str]:
    """Return each page of the reference: path below docs/ to Markdown."""
    pages = {"reference/commands.md": _make_index(), "reference/fixtures.md": _make_fixtures()}
    for name in COMMANDS:
        pages[f"reference/commands/{name}.md"] = _make_command(name)
    for name in list_packages():
        pages[f"reference/python/{name}.md"] = _make_package(name)
    return pages


# commands


def _make_index() -> str:
    parts = ["# Commands\n\n`carnation help COMMAND` prints the same in a terminal."]
    for title, group in GROUPS.items():
        rows = [
            f"| [`carnation {name}`](commands/{name}.md) | {text} |" for name, text in group.items()
        ]
        parts.append(f"## {title.capitalize()}\n\n" + _table(["command", "what it does"], rows))
    return "\n\n".join(parts) + "\n"


def _make_command(name: str) -> str:
    parser = import_module(f"carnation.cli.{name}")._make_parser()
    epilog = (parser.epilog or "").removeprefix("example: ").strip()
    parts = [
        f"# carnation {name}\n\n{_cell(parser.description or '')}",
        f"```sh\n{epilog}\n```",
        *_describe_arguments(parser),
    ]
    return "\n\n".join(parts) + "\n"


def _describe_arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                title = f"{parser.prog.removeprefix('carnation ')} {name}"
                yield f"## {title}\n\n{_cell(child.description or '')}"
                yield from _describe_arguments(child)
    shown = [
        a
        for a in parser._actions
        if not isinstance(a, argparse._SubParsersAction | argparse._HelpAction)
    ]
    for title, options in (("argument", False), ("option", True)):
        rows = [
            _row(a, parser)
            for a in shown
            if bool(a.option_strings) == options and a.help != argparse.SUPPRESS
        ]
        if rows:
            yield _table([title, "meaning"], rows)


def _row(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    formatter = parser._get_formatter()
    spelled = formatter._format_action_invocation(action)
    return f"| {_code(spelled)} | {_cell(formatter._expand_help(action) if action.help else '')} |"


# Python


def _make_fixtures() -> str:
    parts = [
        "# pytest fixtures\n\nThe pytest plugin of carnation provides these fixtures and options. "
        "[Test](../testing.md) shows them in tests."
    ]
    for name in FIXTURES:
        fixture = getattr(pytest_plugin, name)
        parts.append(f"## `{name}`\n\n{_prose(inspect.getdoc(fixture) or '')}")
    collected = _Options()
    pytest_plugin.pytest_addoption(collected)  # type: ignore[arg-type]
    rows = [f"| `{name}` | {_cell(text)} |" for name, text in collected.found]
    parts.append("## Options of pytest\n\n" + _table(["option", "meaning"], rows))
    return "\n\n".join(parts) + "\n"


class _Options:
    """Stands for pytest's parser, and keeps the options it is given."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def getgroup(self, *_names: str) -> _Options:
        return self

    def addoption(self, name: str, *, help: str, metavar: str = "", **_settings: Any) -> None:
        self.found.append((f"{name} {metavar}".strip(), help))


def _make_package(name: str) -> str:
    module = import_module(name)
    parts = [f"# {name}\n\n{_prose(_first_paragraph(module))}"]
    parts += [_describe(name, public, getattr(module, public)) for public in module.__all__]
    return "\n\n".join(parts) + "\n"


def _first_paragraph(value: object) -> str:
    return (inspect.getdoc(value) or "").partition("\nEnters:")[0]


def _describe(package: str, name: str, value: object) -> str:
    if not isinstance(value, type | FunctionType):
        return f"## {name}\n\n{_describe_constant(package, value)}"
    parts = [f"## {name}", _signature(name, value), _prose(inspect.getdoc(value) or "")]
    if isinstance(value, type):
        parts += [_describe_member(name, *member) for member in _list_members(value)]
    return "\n\n".join(part for part in parts if part)


def _describe_constant(package: str, value: object) -> str:
    if type(value).__repr__ is object.__repr__:
        return _prose(inspect.getdoc(value) or "")
    return f"A constant of `{package}`: {_code(_shorten(repr(value)))}"


def _list_members(value: type) -> Iterator[tuple[str, object]]:
    for name, member in vars(value).items():
        if not name.startswith("_") and isinstance(member, FunctionType | property | classmethod):
            yield name, member


def _describe_member(owner: str, name: str, member: object) -> str:
    if isinstance(member, classmethod):
        member = member.__func__
    text = _prose(inspect.getdoc(member) or "")
    signature = "" if isinstance(member, property) else _signature(name, member)
    return "\n\n".join(part for part in (f"### {owner}.{name}", signature, text) if part)


def _signature(name: str, value: Any) -> str:
    """Return a signature as it is called: no `self`, no quotes, a parameter a line where long."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    kept = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    plain = signature.replace(parameters=kept)
    if isinstance(value, type):
        plain = plain.replace(return_annotation=inspect.Signature.empty)
    text = _tidy(str(plain))
    if len(name + text) > 90:
        inner = ",\n".join(f"    {_spell_parameter(p)}" for p in _with_star(kept))
        end = text.rpartition(")")[2] if " -> " in text else ""
        text = f"(\n{inner},\n){end}"
    return f"```python\n{name}{text}\n```"


def _with_star(parameters: list[inspect.Parameter]) -> Iterator[inspect.Parameter | str]:
    starred = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        yield parameter


def _spell_parameter(parameter: inspect.Parameter | str) -> str:
    return _tidy(str(parameter))


def _tidy(text: str) -> str:
    """Drop what only the interpreter needs: quotes of annotations, ForwardRef, factories."""
    text = re.sub(r"ForwardRef\('([^']*)'\)", r"\1", text)
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)
    return re.sub(r" = (?:UNSET|<factory>|<.*? at 0x[0-9a-f]+>)", " = ...", text)


def _prose(doc: str) -> str:
    """Return a docstring as Markdown: examples in fences, sources as links."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", doc.strip()):
        if paragraph.lstrip().startswith(">>>"):
            parts.append(f"```pycon\n{inspect.cleandoc(paragraph)}\n```")
        else:
            parts.append(
                re.sub(
                    r"^Source: (https?://\S+)$", r"\n[AWS documentation](\1)", paragraph, flags=re.M
                )
            )
    return "\n\n".join(parts)


# Markdown


def _table(head: list[str], rows: list[str]) -> str:
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *rows])


def _cell(text: str) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r"<([\w-]+)>", r"`<\1>`", text)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _shorten(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "…"
