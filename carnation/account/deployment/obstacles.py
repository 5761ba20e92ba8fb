"""What is in the way of a new stack: things of the names that it is about to give.

A removed stack leaves what its templates retain, and a new one cannot make it again. CloudFormation
imports what its template names by plain text, so the names are written out in a copy of the tree.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

from carnation.account import Account
from carnation.artifacts import Artifacts
from carnation.cloudformation.intrinsics import Resolver, UnknownValueError
from carnation.cloudformation.template import parse_template
from carnation.document import digest, keyed_path
from carnation.errors import AccountError, TemplateError
from carnation.records import NamedTuple
from carnation.services.named_resources import LOOKUPS, find_named
from carnation.services.partitions import find_partition
from carnation.services.updates import is_stateful

_NOT_FOUND = re.compile("NotFound|NonExist|DoesNotExist|NoSuch|404|ValidationException")
_NESTED = "AWS::CloudFormation::Stack"
_RETAINED = ("Retain", "RetainExceptOnCreate")
_CONCURRENCY = 8


class Named(NamedTuple):
    """A resource that a template gives a name: where it is defined, and whether it is retained."""

    path: str
    kind: str
    name: str
    file: str
    retained: bool


class _Nothing:
    """The resources of a stack that is not there yet."""

    def ref(self, name: str) -> NoReturn:
        """Raise `UnknownValueError`, as all of these do."""
        raise UnknownValueError(f"resource '{name}' is not created yet.")

    def attribute(self, name: str, attribute: str) -> NoReturn:
        """See `ref`."""
        self.ref(name)

    def export(self, name: str) -> NoReturn:
        """See `ref`."""
        self.ref(name)

    def zones(self, region: str) -> NoReturn:
        """See `ref`."""
        self.ref(region)


def find_obstacles(
    account: Account,
    artifacts: Artifacts,
    values: Mapping[str, str],
    stack: str,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Named]:
    """Find the resources of a new stack whose names something has already."""
    partition = find_partition(account.region)
    pseudo = {
        "AWS::AccountId": account.number,
        "AWS::Partition": partition.name,
        "AWS::Region": account.region,
        "AWS::StackName": stack,
        "AWS::URLSuffix": partition.dns_suffix,
    }
    root = next(path for path in artifacts.files if path.endswith("-root-stack.yaml"))
    named = list(_list_named(artifacts, root, values, pseudo, ""))
    place = (partition.name, account.region, account.number)
    unseen: list[str] = []

    def is_there(row: Named) -> bool:
        try:
            return find_named(row.kind, row.name, place, account.call)
        except AccountError as error:
            if not _NOT_FOUND.search(f"{error.code} {error.message}"):
                unseen.append(f"{row.path} ({error.code})")
            return False

    with ThreadPoolExecutor(_CONCURRENCY) as pool:
        found = [row for row, there in zip(named, pool.map(is_there, named), strict=True) if there]
    if unseen:
        tell(f"whether these exist already could not be looked up: {', '.join(sorted(unseen))}")
    return found


def _list_named(
    artifacts: Artifacts,
    file: str,
    given: Mapping[str, Any],
    pseudo: Mapping[str, Any],
    way: str,
) -> Iterator[Named]:
    template = parse_template(artifacts.files[file], file)
    declared = {name: body["Default"] for name, body in template.parameters.items()
                if "Default" in body}  # fmt: skip
    resolver = Resolver(template, {**declared, **given, **pseudo}, _Nothing())
    for logical_id, body in template.resources.items():
        kind, properties = body["Type"], body.get("Properties") or {}
        if _read(resolver.includes, body) is False:
            continue
        if kind == _NESTED:
            inner = _find_file(artifacts, properties.get("TemplateURL"))
            values = {name: value for name, item in (properties.get("Parameters") or {}).items()
                      if (value := _read(resolver.resolve, item)) is not None}  # fmt: skip
            if inner:
                yield from _list_named(artifacts, inner, values, pseudo, f"{way}{logical_id}/")
        elif kind in LOOKUPS:
            name = _read(resolver.resolve, properties.get(LOOKUPS[kind].property))
            if isinstance(name, str):
                kept = body.get("DeletionPolicy") in _RETAINED
                yield Named(f"{way}{logical_id}", kind, name, file, kept)


def _read(resolve: Callable[[Any], Any], value: Any) -> Any:
    """Resolve what is known before anything is made; None for anything else."""
    try:
        return resolve(value)
    except TemplateError:
        return None


def _find_file(artifacts: Artifacts, url: Any) -> str:
    text = json.dumps(url)
    return next(
        (path for path, row in artifacts.manifest["artifacts"].items() if f"/{row['key']}" in text),
        "",
    )


def reject_obstacles(found: Sequence[Named], *, imports: bool) -> None:
    """Raise `AccountError` for what is in the way and is not to be imported, or cannot be."""
    left = [row for row in found if not (imports and row.retained)]
    if not left:
        return
    told = "; ".join(f"{row.path} ({row.kind}) '{row.name}'" for row in left)
    retained = [row for row in left if row.retained]
    remedy = (
        "Take them into the stack with --import-existing"
        f"{', and remove the others' if len(retained) < len(left) else ''}, or remove them."
        if retained
        else "Only resources that the template retains can be imported: remove them."
    )
    data = " They may hold data." if any(is_stateful(row.kind) for row in left) else ""
    raise AccountError(
        f"these exist already, and the new stack cannot create them: {told}. Nothing was executed."
        f"{data} {remedy}",
        reason="obstacles",
    )


def write_names(artifacts: Artifacts, found: Sequence[Named]) -> Artifacts:
    """Copy a tree with the names of what is imported written out."""
    texts = dict(artifacts.files)
    for row in found:
        texts[row.file] = _render_name(texts[row.file], row)
    root = next(path for path in texts if path.endswith("-root-stack.yaml"))
    rows = {path: dict(entry) for path, entry in artifacts.manifest["artifacts"].items()}
    for path in sorted({row.file for row in found} - {root}):
        before = rows[path]["key"]
        rows[path] = _note(artifacts, path, texts[path], rows[path])
        texts[root] = texts[root].replace(before, rows[path]["key"])
    rows[root] = _note(artifacts, root, texts[root], rows[root])
    manifest = {**artifacts.manifest, "artifacts": rows}
    return artifacts._replace(files=texts, manifest=manifest)


def _note(artifacts: Artifacts, path: str, text: str, before: Mapping[str, Any]) -> dict[str, Any]:
    found = digest(text)
    key = f"{artifacts.workflow}/{keyed_path(path, found)}"
    return {**before, "key": key, "sha256": found, "bytes": len(text.encode())}


def _render_name(text: str, row: Named) -> str:
    logical_id, field = row.path.rpartition("/")[2], LOOKUPS[row.kind].property
    start = text.index(f"\n  {logical_id}:\n")
    line = re.compile(rf"^( +{field}:) .+$", re.MULTILINE).search(text, start)
    if line is None:
        raise AccountError(
            f"{row.path}: its {field} is not on one line of {row.file}, so it cannot be imported. "
            "Import it by hand, or remove it.",
            reason="obstacles",
        )
    return f"{text[: line.start()]}{line[1]} {json.dumps(row.name)}{text[line.end() :]}"
