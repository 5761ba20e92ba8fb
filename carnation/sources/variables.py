"""Variables of the Serverless Framework: `${self:custom.stage}`, `${file(./x.yml):one}` and others.

Source: https://www.serverless.com/framework/docs/providers/aws/guide/variables
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from carnation.document import Document, join_pointer
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.sources.files import Files
from carnation.sources.source import Unseen

if TYPE_CHECKING:
    from typing import Any

_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_PSEUDO = re.compile(r"#\{([A-Za-z0-9:.]+)\}")
_FILE = re.compile(r"file\(\s*['\"]?(?:\./)?([^)'\"]+?)['\"]?\s*\)(?::([\w.\-]+))?\Z")
_SOURCE = re.compile(r"(self|param|opt|env|sls|aws|cf|ssm|s3|file|strToBool|custom)[:(]")
_UNNAMED = re.compile(r"[^A-Za-z0-9_.:-]+")
_UNKNOWN = object()
_MAX_DEPTH = 60


class Place(NamedTuple):
    """A value, and where it stands."""

    value: Any
    document: Document
    pointer: str

    def enter(self, name: str) -> Place:
        """Return a part of a mapping; None where there is none."""
        inner = self.value.get(name) if isinstance(self.value, Mapping) else None
        return Place(inner, self.document, join_pointer(self.pointer, name))

    def miss(self, name: str, why: str) -> Unseen:
        """Describe that a machine cannot be seen."""
        span = self.document.locate(self.pointer)
        return Unseen(name, self.document.where, span.line, span.column, why)


class Variables:
    """The variables of a service; `document` is its serverless.yml."""

    def __init__(self, document: Document, files: Files) -> None:
        self.document, self.files = document, files

    def follow(self, place: Place) -> Place:
        """Return what a text that is one variable represents, and where that stands."""
        for _ in range(_MAX_DEPTH):
            if not isinstance(place.value, str):
                return place
            text = self._settle(place.value, place.document)
            match = re.fullmatch(r"\$\{([^${}]*)\}", text.strip())
            found = self._find(match[1], place.document) if match else None
            if found is None:
                return place._replace(value=text) if match is None else place
            place = found
        return place

    def list_parts(self, place: Place) -> Iterator[Place]:
        """Yield what is at a place: itself, or each of a list, variables followed."""
        place = self.follow(place)
        if isinstance(place.value, list):
            for index, item in enumerate(place.value):
                inner = Place(item, place.document, f"{place.pointer}/{index}")
                yield self.follow(inner)
        elif place.value is not None:
            yield place

    def fill(self, value: Any, document: Document, depth: int = 0) -> Any:
        """Copy a value, its variables replaced by what they represent, or by placeholders."""
        if depth > _MAX_DEPTH * 3:
            return "${TooDeep}"
        if isinstance(value, Mapping):
            return {key: self.fill(item, document, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item, document, depth + 1) for item in value]
        if not isinstance(value, str) or not ("${" in value or "#{" in value):
            return value
        value = _PSEUDO.sub(r"${\1}", value)
        found = self.follow(Place(value, document, ""))
        if not isinstance(found.value, str):
            return self.fill(found.value, found.document, depth + 1)
        return _rest_name(self._settle(found.value, found.document, whole=True))

    def describe(self, value: Any) -> str:
        """Describe why a value is not a definition."""
        if isinstance(value, str) and (match := _INNERMOST.search(value)):
            named = _FILE.match(match[1].partition(",")[0].strip())
            if named:
                return f"file '{named[1]}'{f' with {named[2]}' if named[2] else ''} not found"
            return f"{value.strip()[:80]} is only known when it is deployed"
        return (
            "it has no definition"
            if value is None
            else "its definition is neither an object nor a string"
        )

    def _settle(self, text: str, document: Document, *, whole: bool = False) -> str:
        """Replace variables within a text by what they represent; the outermost only if `whole`."""
        for _ in range(_MAX_DEPTH):
            changed = False
            for match in _INNERMOST.finditer(text):
                if not whole and match[0] == text.strip():
                    continue
                found = self._find(match[1], document)
                if found is not None and isinstance(found.value, (str, int, float)):
                    shown = found.value if isinstance(found.value, str) else json.dumps(found.value)
                    text = text[: match.start()] + shown + text[match.end() :]
                    changed = True
                    break
            if not changed:
                return text
        return text

    def _find(self, expression: str, document: Document) -> Place | None:
        """Find what the first of some alternatives that is known represents."""
        if not _SOURCE.match(expression.strip()):
            return None
        for word in re.split(r",(?![^()]*\))", expression):
            found = self._find_one(word.strip(), document)
            if found is not None:
                return found
        return None

    def _find_one(self, word: str, document: Document) -> Place | None:
        if word.startswith("self:"):
            return _enter(Place(self.document.value, self.document, ""), word[5:])
        if word.startswith("param:"):
            held = Place(self.document.value, self.document, "")
            return _enter(held, f"params.default.{word[6:]}")
        if word.startswith("file("):
            return self._find_file(word, document)
        if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
            return Place(word[1:-1], document, "")
        if re.fullmatch(r"-?\d+(\.\d+)?|true|false|null", word):
            return Place(json.loads(word), document, "")
        return None

    def _find_file(self, word: str, document: Document) -> Place | None:
        match = _FILE.match(word)
        if match is None or "://" in match[1]:
            return None
        for where in dict.fromkeys((self.document.where, document.where)):
            try:
                held = self.files.read_beside(where, match[1])
            except DocumentError as error:
                if "not found" in error.reason:
                    continue
                raise
            return _enter(Place(held.value, held, ""), match[2] or "")
        return None


def _enter(place: Place, path: str) -> Place | None:
    for name in path.split(".") if path else ():
        place = place.enter(name)
        if place.value is None:
            return None
    return place


def _rest_name(text: str) -> str:
    """Return variables that stay names that a placeholder may have: `${opt:stage}`."""

    def name(match: re.Match[str]) -> str:
        if not _SOURCE.match(match[1].strip()):
            return match[0]
        return "${" + _UNNAMED.sub("-", match[1].partition(",")[0].strip()).strip("-") + "}"

    for _ in range(_MAX_DEPTH):
        after = _INNERMOST.sub(lambda found: name(found).replace("${", "\0", 1), text)
        if after == text:
            break
        text = after
    return text.replace("\0", "${")
