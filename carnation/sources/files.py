"""The files that sources are in: each is read once, and knows which others it named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from carnation.document import (
    Document,
    parse_documents,
    parse_yaml,
    read_text_file,
)
from carnation.errors import DocumentError
from carnation.sources.source import correct_words

Load = Callable[[str], str]
"""Returns the text of a file; raises `DocumentError` where there is none."""


class Files:
    """Files by their paths; `followed` are those that others named."""

    def __init__(
        self, load: Load | None = None, exists: Callable[[str], bool] | None = None
    ) -> None:
        """Read from the disk, or as somebody else reads."""
        self._load = load or _load_named
        self._is_file = exists or os.path.isfile
        self._read: dict[str, list[Document]] = {}
        self._texts: dict[str, str] = {}
        self.followed: set[str] = set()

    def text(self, path: str) -> str:
        """Return the text of a file."""
        if path not in self._texts:
            self._texts[path] = self._load(path)
        return self._texts[path]

    def read(self, path: str) -> list[Document]:
        """Read the documents in a file; JSON that only CloudFormation takes is read as YAML."""
        if path not in self._read:
            self._read[path] = [correct_words(one) for one in _parse(self.text(path), path)]
        return self._read[path]

    def exists(self, path: str) -> bool:
        """Return whether there is a file, no folder and no device."""
        return self._is_file(path)

    def find_beside(self, where: str, path: str) -> str:
        """Find a file that another one names; raises `DocumentError` where it is not there."""
        found = os.path.normpath(os.path.join(os.path.dirname(where), path))
        if not self.exists(found):
            raise DocumentError(f"file '{found}' not found.", where)
        self.followed.add(os.path.normpath(found))
        return found

    def read_beside(self, where: str, path: str) -> Document:
        """Read a file that another one names, as leniently as CloudFormation does."""
        found = self.find_beside(where, path)
        try:
            return self.read(found)[0]
        except DocumentError as error:
            try:
                return correct_words(parse_yaml(self.text(found), found)[0])
            except DocumentError:
                raise error from None


def _load_named(path: str) -> str:
    return read_text_file(path)


def _parse(text: str, path: str) -> list[Document]:
    try:
        return parse_documents(text, path)
    except DocumentError as error:
        if not _may_be_template(text):
            raise
        try:  # CloudFormation reads JSON as YAML: a trailing comma and comments may stand
            documents = parse_yaml(text, path)
        except DocumentError:
            raise error from None
        if not any(
            isinstance(one.value, Mapping) and "Resources" in one.value for one in documents
        ):
            raise
        return documents


def _may_be_template(text: str) -> bool:
    return "Resources" in text


def parse_stream(text: str, where: str) -> list[Document]:
    """Read a text without a name that says what it is: JSON, else YAML."""
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    try:
        documents = parse_documents(text, where if is_json else f"{where}.yaml")
    except DocumentError:
        if not (is_json and _may_be_template(text)):
            raise
        documents = parse_yaml(text, where)
    for one in documents:
        one.where = where
    return [correct_words(one) for one in documents]
