"""State machines in Terraform's configuration in JSON, `.tf.json`, as CDK for Terraform writes it.

Source: https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from carnation.document import Document, join_pointer
from carnation.errors import CarnationError
from carnation.lazy import TYPE_CHECKING
from carnation.sources.answers import TERRAFORM, read_terraform_properties
from carnation.sources.files import Files
from carnation.sources.source import EXPRESS, STANDARD, Source, Unseen

if TYPE_CHECKING:
    from typing import Any

_CALLS = ("${jsonencode(", "${templatefile(", "${file(", "${local.", "${data.", "${jsondecode(")


def find_in_json_configuration(
    path: str, document: Document, files: Files
) -> Iterator[Source | Unseen]:
    """Yield the state machines of a `.tf.json` file."""
    for kind, (field, type_field) in TERRAFORM.items():
        machines = document.value["resource"].get(kind)
        for name, body in machines.items() if isinstance(machines, Mapping) else ():
            for at, one in enumerate(body) if isinstance(body, list) else [("", body)]:
                place = join_pointer("/resource", kind, name)
                pointer = f"{place}/{at}" if at != "" else place
                if isinstance(one, Mapping):
                    yield from _read(
                        path, document, files, f"{pointer}/{field}", name, one, type_field
                    )


def _read(
    path: str, document: Document, files: Files, pointer: str, name: str,
    body: Mapping[str, Any], type_field: str,
) -> Iterator[Source | Unseen]:  # fmt: skip
    written = body.get(pointer.rpartition("/")[2])
    kind = EXPRESS if body.get(type_field) == EXPRESS else STANDARD
    if isinstance(written, str) and written.lstrip().startswith(_CALLS):
        yield from _evaluate(path, document, files, pointer, name, written, kind)
        return
    found = Source(name, document, pointer, read_terraform_properties(body))
    found.type = kind
    if isinstance(written, str) and written.lstrip().startswith("{"):
        found.read_text(written)
        yield found
    elif isinstance(written, Mapping):
        found.value = written
        yield found
    else:
        span = document.locate(pointer)
        why = "its definition is only known when it is deployed"
        yield Unseen(name, document.where, span.line, span.column, why)


def _evaluate(
    path: str, document: Document, files: Files, pointer: str, name: str, written: str, kind: str
) -> Iterator[Source | Unseen]:
    """Yield what an expression of Terraform gives, as if it stood in a `.tf` file."""
    from carnation.sources.terraform import find_in_text

    text = (
        f'resource "aws_sfn_state_machine" {json.dumps(name)} {{\n'
        f"  type = {json.dumps(kind)}\n  definition = {_unwrap(written)}\n}}\n"
    )
    span = document.locate(pointer)
    try:
        for found in find_in_text(path, text, files):
            if isinstance(found, Unseen):
                yield found._replace(line=span.line, column=span.column)
                continue
            if found.where == path:
                found.document, found.pointer = document, pointer
            yield found
    except CarnationError as error:
        yield Unseen(name, document.where, span.line, span.column, str(error))


def _unwrap(written: str) -> str:
    """Return the one expression in a text, or the text as a template."""
    inner = written.strip()
    return inner[2:-1] if inner.endswith("}") and inner.count("${") == 1 else json.dumps(written)
