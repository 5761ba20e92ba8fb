"""What a comparison yields: small frozen records of a closed set of kinds."""

from __future__ import annotations

import json

from carnation.asl.expressions.spellings import is_spelling
from carnation.changes.impacts import KINDS
from carnation.document import digest
from carnation.document.values import Json
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Final


class _Missing:
    """Stands where a document has no value; JSON's null is a value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class Change(NamedTuple):
    """One difference between two documents.

    `pointer` is where it is in the new document, or in the old one for what was removed (`old` is
    true); `subject` is whom it concerns, a state or a resource; `sentence` says it in the words of
    the field and follows the subject; `part` names the document, where there are several; `facts`
    are names in the sentence that another room asks for.

    >>> change = Change("state-removed", "/States/Pay", "Pay", "was removed", old=True)
    >>> change.impact, change.fingerprint
    ('breaking', '68d90efab62e')
    """

    kind: str
    pointer: str
    subject: str
    sentence: str
    before: Json = MISSING
    after: Json = MISSING
    old: bool = False
    part: str = ""
    facts: tuple[str, ...] = ()

    @property
    def impact(self) -> str:
        """How much it matters, by the table of `carnation.changes.impacts`."""
        return KINDS[self.kind].impact

    @property
    def fingerprint(self) -> str:
        """Name this change, and no other value of the same field, for a list of accepted ones."""
        values = [render_value(value) for value in (self.before, self.after)]
        facts = [self.kind, self.part, self.pointer, self.subject, *values]
        return digest("\n".join(facts).encode("utf-8", "surrogatepass"))[:12]


class Edit(NamedTuple):
    """One value that two documents do not share; a pointer is None where the value is absent."""

    old: str | None
    new: str | None
    before: Json
    after: Json

    @property
    def pointer(self) -> str:
        """Where to look: in the new document, or in the old one for what was removed."""
        return (self.old if self.new is None else self.new) or ""

    @property
    def gone(self) -> bool:
        """Return whether the pointer is one of the old document."""
        return self.new is None

    def describe(self, kind: str, subject: str, sentence: str) -> Change:
        """Make a record of this edit; one of another spelling is a matter of layout."""
        kind = "layout-changed" if is_spelling(self.before, self.after) else kind
        return Change(kind, self.pointer, subject, sentence, self.before, self.after, self.gone)


def render_value(value: object) -> str:
    """Write a value so that equal ones, and no others, are spelled alike.

    >>> render_value({"b": 1, "a": True}), render_value(MISSING)
    ('{"a": true, "b": 1}', '')
    """
    return "" if value is MISSING else json.dumps(value, sort_keys=True)
