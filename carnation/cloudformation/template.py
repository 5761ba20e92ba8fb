"""Templates as they are written: reading their text, and the sections that they have.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.document import parse_document
from carnation.errors import DocumentError, TemplateError
from carnation.lazy import TYPE_CHECKING
from carnation.records import record

if TYPE_CHECKING:
    from typing import Any

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
MAX_BYTES = 1_048_576


@record(frozen=True)
class Template:
    """A template: its body, and each of its sections as a mapping (empty where it has none).

    >>> Template({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}).resources["Q"]["Type"]
    'AWS::SQS::Queue'
    """

    body: Mapping[str, Any]

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a section; raises `TemplateError` where it is not a mapping."""
        value = self.body.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise TemplateError(
                f"Template format error: [/{name}] is not an object; write it as a mapping."
            )
        return value

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The declared parameters."""
        return self.section("Parameters")

    @property
    def mappings(self) -> Mapping[str, Any]:
        """The mappings."""
        return self.section("Mappings")

    @property
    def conditions(self) -> Mapping[str, Any]:
        """The conditions."""
        return self.section("Conditions")

    @property
    def resources(self) -> Mapping[str, Any]:
        """The resources by their logical IDs."""
        return self.section("Resources")

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The outputs."""
        return self.section("Outputs")

    @property
    def transforms(self) -> list[Any]:
        """The names of the template's transforms, in their order."""
        value = self.body.get("Transform") or []
        return value if isinstance(value, list) else [value]


def parse_template(text: str, where: str = "template") -> Template:
    """Read a template's text, YAML or JSON; raises `TemplateError` for anything else.

    >>> parse_template("Outputs: {Url: {Value: !GetAtt Nested.Outputs.Url}}").outputs
    {'Url': {'Value': {'Fn::GetAtt': ['Nested', 'Outputs.Url']}}}
    """
    if len(text.encode()) > MAX_BYTES:
        raise TemplateError(f"the template is larger than {MAX_BYTES:,} bytes.")
    try:
        document = parse_document(text, f"{where}.yaml")
    except DocumentError as error:
        raise TemplateError(
            f"Template format error: the template is neither YAML nor JSON: {error}"
        ) from error
    repeated = [note.pointer for note in document.notes if note.kind == "repeated-key"]
    if repeated:
        raise TemplateError(
            f"Template format error: the key {repeated[0]} is written twice. Rename or remove one."
        )
    if not isinstance(document.value, dict):
        raise TemplateError(
            "Template format error: the template is not a mapping; it needs at least Resources."
        )
    return Template(document.value)
