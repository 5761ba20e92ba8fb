"""Reading: what a file is, told by what is in it, and the definitions that it leads to."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from carnation.document import Document, decode_text
from carnation.errors import DocumentError, UsageError, suggest_name
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple
from carnation.sources.files import Files, parse_stream
from carnation.sources.source import Source, Unseen, is_definition

if TYPE_CHECKING:
    from typing import Any, NoReturn

STDIN = "-"
_INPUT = "standard input"
_TERRAFORM = compile_lazily(r"(?m)^\s*(?:resource|module|locals)\b[^\n]*\{")
_NONE = (
    "not a state machine definition: it has neither StartAt nor States, and it is not a "
    "template, serverless.yml, Terraform file, or manifest with a state machine"
)


class Reading(NamedTuple):
    """What a file leads to: definitions, machines that were not seen; `kind` says what it is.

    `kind` is '' for a file that is none of those in which definitions stand.
    """

    path: str
    kind: str
    sources: Sequence[Source]
    unseen: Sequence[Unseen]

    def format_nothing(self) -> str:
        """Describe why it contains no state machine definition."""
        if self.unseen:
            return "; ".join(f"{one.name}: {one.why}" for one in self.unseen)
        return f"no state machine found in this {self.kind}" if self.kind else _NONE


def read_sources(path: str, files: Files | None = None) -> Reading:
    """Read a file; raises `DocumentError` for one that cannot be read."""
    files = files or Files()
    if path.endswith(".py") and os.path.exists(path):
        name = os.path.splitext(os.path.basename(path))[0].replace("_", "-")
        raise DocumentError(
            f"{path} is a Python module. Build it with `carnation build`, and name the workflow "
            f"that it defines: '{name}'."
        )
    if path.endswith((".tf", ".tofu")):
        from carnation.sources.terraform import find_in_configuration

        return _make_reading(path, "Terraform file", find_in_configuration(path, files))
    return find_sources(path, files.read(path), files)


def read_input(files: Files | None = None) -> Reading:
    """Read standard input: JSON, YAML, or a file of Terraform."""
    text = decode_text(sys.stdin.buffer.read(), _INPUT)
    try:
        documents = parse_stream(text, _INPUT)
    except DocumentError:
        if not _TERRAFORM.search(text):
            raise
        from carnation.sources.terraform import find_in_text

        return _make_reading(_INPUT, "Terraform file", find_in_text(_INPUT, text, files or Files()))
    return find_sources(_INPUT, documents, files or Files())


def read_target(target: str) -> Reading:
    """Read a file, or one machine of it: `template.yaml#Orders`; `-` is standard input.

    Raises `DocumentError` where no definition can be seen in it.
    """
    path, name = (target, "") if target == STDIN else split_target(target)
    reading = read_input() if target == STDIN else read_sources(path)
    if name:
        reading = choose_machine(reading, name)
    for one in reading.sources:
        if one.error is not None:
            raise one.fail()
    if not reading.sources:
        place = (None, None) if reading.kind else (1, 1)
        raise DocumentError(f"{reading.format_nothing()}.", reading.path, *place)
    return reading


def choose_machine(reading: Reading, name: str) -> Reading:
    """Keep one machine of a file, each branch of it; raises `UsageError` where it has none so."""
    ways = (f"{name}-if-", f"{name}-unless-", f"{name}-else")
    every: list[Source | Unseen] = [*reading.sources, *reading.unseen]
    kept = {one.name for one in every if one.name == name} or {
        one.name for one in every if one.name.startswith(ways)
    }
    if not kept:
        known = [one.name for one in every]
        near = suggest_name(name, known) or f" State machines: {', '.join(known) or 'none'}."
        raise UsageError(f"{reading.path} has no state machine '{name}'.{near}")
    return reading._replace(
        sources=[one for one in reading.sources if one.name in kept],
        unseen=[one for one in reading.unseen if one.name in kept],
    )


def split_target(target: str) -> tuple[str, str]:
    """Split what a command line names: a file, and the machine in it that is meant.

    >>> split_target("template.yaml#Orders"), split_target("a.asl.json")
    (('template.yaml', 'Orders'), ('a.asl.json', ''))
    """
    if os.path.exists(target) or "#" not in target:
        return target, ""
    path, _, name = target.rpartition("#")
    return path, name


def is_in_file(target: str) -> bool:
    """Return whether a file is meant, or a machine in one; a pipe counts: reading it says more."""
    path, _ = split_target(target)
    return os.path.exists(path) and not os.path.isdir(path)


def reject_target(target: str) -> NoReturn:
    """Raise `UsageError` for what is neither a file nor a built workflow."""
    known = os.listdir("build") if os.path.isdir("build") else []
    near = suggest_name(target, [*known, *os.listdir(".")])
    raise UsageError(f"'{target}' not found: no such file or built workflow.{near}")


def find_sources(path: str, documents: Sequence[Document], files: Files) -> Reading:
    """Find the definitions in documents that were read from one file."""
    readings = [_find(path, document, files) for document in documents]
    kinds = [one.kind for one in readings if one.sources or one.unseen] or [
        one.kind for one in readings if one.kind
    ]
    sources = [source for one in readings for source in one.sources]
    unseen = [miss for one in readings for miss in one.unseen]
    return Reading(path, kinds[0] if kinds else "", sources, unseen)


def _find(path: str, document: Document, files: Files) -> Reading:
    value = document.value
    if is_definition(value):
        return Reading(path, "definition", [_read_whole(document)], [])
    if not isinstance(value, Mapping):
        return Reading(path, "", [], [])
    kind, found = _choose(path, document, value, files)
    return _make_reading(path, kind, found)


def _make_reading(path: str, kind: str, found: Iterator[Source | Unseen]) -> Reading:
    sources: list[Source] = []
    unseen: list[Unseen] = []
    for one in found:
        if isinstance(one, Source):
            sources.append(one)
        else:
            unseen.append(one)
    return Reading(path, kind, sources, unseen)


def _read_whole(document: Document) -> Source:
    stem = os.path.basename(document.where).partition(".")[0]
    found = Source(stem or "definition", document)
    found.value = document.value
    return found


def _choose(
    path: str, document: Document, value: Mapping[str, Any], files: Files
) -> tuple[str, Iterator[Source | Unseen]]:
    """Return what a document is, and where its definitions are found; '' for none of these."""
    from carnation.sources import answers, serverless, templates  # a definition needs none

    if templates.is_template(value):
        return "template", templates.find_in_template(document, files)
    if serverless.is_serverless(value):
        return "serverless.yml", serverless.find_in_service(document, files)
    if answers.is_description(value):
        return "answer of describe-state-machine", answers.find_in_description(document)
    if answers.is_history(value):
        return "history of an execution (carnation replay reads it)", iter(())
    if answers.is_manifest(value):
        return "manifest of Kubernetes", answers.find_in_manifest(document)
    if answers.is_terraform(value):
        return "Terraform file", _find_in_terraform(path, document, files)
    if isinstance(value.get("TemplateBody"), (Mapping, str)):
        return "answer of get-template", _find_in_body(document, files)
    if _is_assembly(value):
        return "manifest of CDK", _find_in_assembly(document, files)
    if serverless.holds_machine(value) or any(map(serverless.holds_machine, value.values())):
        return "state machine file", serverless.find_in_machines(document, files)
    if "Resources" in value or "AWSTemplateFormatVersion" in value:
        return "template", iter(())
    return "", iter(())


def _find_in_terraform(path: str, document: Document, files: Files) -> Iterator[Source | Unseen]:
    from carnation.sources.answers import find_in_terraform

    yield from find_in_terraform(document)
    if isinstance(document.value.get("resource"), Mapping):
        from carnation.sources.terraform_json import find_in_json_configuration

        yield from find_in_json_configuration(path, document, files)


def _find_in_body(document: Document, files: Files) -> Iterator[Source | Unseen]:
    """Yield the machines of the template that `get-template` tells."""
    from carnation.document import parse_yaml
    from carnation.sources.templates import find_in_template

    body = document.value["TemplateBody"]
    if isinstance(body, Mapping):
        yield from find_in_template(document, files, body, "/TemplateBody")
    else:
        inner = parse_yaml(body, document.where)[0]
        if isinstance(inner.value, Mapping):
            yield from find_in_template(inner, files)


def _is_assembly(value: Mapping[str, Any]) -> bool:
    artifacts = value.get("artifacts")
    return isinstance(artifacts, Mapping) and any(
        isinstance(one, Mapping) and str(one.get("type", "")).startswith("aws:cloudformation")
        for one in artifacts.values()
    )


def _find_in_assembly(document: Document, files: Files) -> Iterator[Source | Unseen]:
    """Yield the machines of the stacks that CDK has synthesized."""
    from carnation.sources.templates import find_in_template

    for artifact in document.value["artifacts"].values():
        properties = artifact.get("properties") if isinstance(artifact, Mapping) else None
        named = properties.get("templateFile") if isinstance(properties, Mapping) else None
        if isinstance(named, str):
            yield from find_in_template(files.read_beside(document.where, named), files)
