"""The inventory of a template: what is next to its one state machine, as carnation will keep it.

What a resource of `carnation.resources` can say becomes one, under its own logical ID and without a
name of ours, so that nothing deployed moves; all else stays as the template writes it (`Raw`). What
can be neither is left out by name. The state machine, its role and what starts it become the
workflow's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from carnation.adoption.names import split_words

MACHINES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_TAKEN = {"alarms", "live", "schedule", "state_machine", "undelivered"}
OWN = frozenset({
    "EmailSubscription", "Key", "StateMachine", "StateMachineAlias", "StateMachineLogs",
    "StateMachineRole", "StateMachineVersion", "Topic", "TopicPolicy", "Undelivered",
})  # fmt: skip
"""Logical IDs that the stacks of every workflow have."""
_SUFFIXES = ("", "Role", "Logs", "Version", "Alias", "Policy", "Errors", "Throttles")
_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")
_OUR_PARAMETERS = {
    "AlarmEmail", "ArtifactBucket", "DeletionProtection", "DeploymentType", "Environment", "KeyArn",
    "LogRetentionDays", "PermissionsBoundaryArn", "ProjectName",
}  # fmt: skip


@dataclass
class Adopted:
    """One resource, parameter or trigger, as the module will write it."""

    kind: str
    id: str
    logical_id: str
    arguments: dict[str, Any] = field(default_factory=dict)
    """Values, pieces of code, and other resources, by name."""
    properties: dict[str, Any] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    """Attributes (`Ref`, `Arn`) by the field that gives the same."""
    suffix: str = ""
    is_trigger: bool = False
    existing: str = ""
    """The name of what belongs to somebody else."""
    users: list[str] = field(default_factory=list)
    """The workflows, other than its own, that use it."""
    export: str = ""
    """The export that holds the ARN of what another workflow's stack has."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The code of a function, by paths below its folder."""
    policies: Any = None
    """SAM's policies of a function."""
    variable: str = ""

    @property
    def title(self) -> str:
        """The id as logical IDs have it."""
        return "".join(part[:1].upper() + part[1:] for part in self.id.split("_"))

    def key_of(self, attribute: str) -> str | None:
        """Return the reference that represents an attribute: `${StockName}`."""
        if self.kind == "Raw":
            return f"${{{self.id}{attribute.replace('.', '')}}}"
        name = self.fields.get(attribute)
        parts = (part[:1].upper() + part[1:] for part in name.split("_")) if name else ()
        return f"${{{self.title}{''.join(parts)}}}" if name else None

    def code_of(self, attribute: str) -> str:
        """Return the Python that makes that reference: `STOCK.name`."""
        if self.kind == "Raw":
            return f"{self.variable}.ref" if attribute == "Ref" else (
                f'{self.variable}.attribute("{attribute}")'
            )  # fmt: skip
        return f"{self.variable}.{self.fields[attribute]}"


@dataclass
class Inventory:
    """What of a template becomes what."""

    template: Mapping[str, Any]
    machine: str
    folder: str
    """Where paths of the template begin."""
    adopted: dict[str, Adopted] = field(default_factory=dict)
    triggers: list[Adopted] = field(default_factory=list)
    extra: list[Adopted] = field(default_factory=list)
    """What the template only refers to: a bus that exists."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Logical IDs that the workflow's own resources take the place of, each with which."""
    notes: list[str] = field(default_factory=list)
    sections: dict[str, Any] = field(default_factory=dict)
    ids: set[str] = field(default_factory=lambda: set(_TAKEN))
    renamed: dict[str, str] = field(default_factory=dict)
    """The logical IDs of the state machine, its version and alias, each with the workflow's."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """The logical IDs of what another workflow deploys, each with the ARN that it will have."""
    home: str = ""
    """The workflow whose stack has the resources, where that is another one."""

    @property
    def resources(self) -> Mapping[str, Any]:
        """The template's resources."""
        found = self.template.get("Resources")
        return found if isinstance(found, Mapping) else {}

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The template's parameters."""
        found = self.template.get("Parameters")
        return found if isinstance(found, Mapping) else {}

    def note(self, name: str, reason: str) -> None:
        """Note what is not brought along as it is."""
        self.notes.append(f"{name}: {reason}")

    def choose_id(self, logical_id: str, word: str, longest: int = 29) -> str:
        """Choose an id that leads to the logical ID, or to none that the template has."""
        words = split_words(logical_id) or [word.lower()]
        short = words[:-1] if len(words) > 1 and words[-1] == word.lower() else words
        for number in range(100):
            for chosen in (short, [*short, word.lower()]):
                one = "_".join(chosen)[:longest].rstrip("_")
                one = f"{word.lower()}_{one}" if one[0].isdigit() else one
                one = f"{one}_{number + 1}" if number else one
                if one not in self.ids and self._is_free(one, word, logical_id):
                    self.ids.add(one)
                    return one
        raise AssertionError(logical_id)  # a hundred logical IDs of one word

    def _is_free(self, one: str, word: str, logical_id: str) -> bool:
        title = "".join(part[:1].upper() + part[1:] for part in one.split("_"))
        made = {f"{title}{suffix}" for suffix in _SUFFIXES} | {f"{title}{word}"}
        return not (made & (set(self.resources) - {logical_id}))

    def find(self, value: Any) -> str | None:
        """Return a value of the template as the module's text; None where it has none.

        >>> inventory = Inventory({}, "M", "")
        >>> inventory.adopted["T"] = Adopted("Table", "t", "T", fields={"Ref": "name"})
        >>> inventory.find({"Fn::Sub": "x-${T}"}), inventory.find({"Ref": "Other"})
        ('x-${TName}', None)
        """
        if isinstance(value, str):
            return None if "${" in value else value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, Mapping) or len(value) != 1:
            return None
        ((name, inner),) = value.items()
        if name == "Ref":
            return self.find_attribute(str(inner), "Ref")
        if name == "Fn::GetAtt":
            owner, _, attribute = join_attribute(inner).partition(".")
            return self.find_attribute(owner, attribute)
        return self._substitute(inner) if name == "Fn::Sub" else None

    def find_attribute(self, owner: str, attribute: str) -> str | None:
        """Return the reference to what the template says of a resource or parameter."""
        if owner == "AWS::Partition":
            return "${Partition}"
        one = self.adopted.get(owner)
        return one.key_of(attribute) if one else None

    def _substitute(self, inner: Any) -> str | None:
        text, own = inner if isinstance(inner, list) and len(inner) == 2 else (inner, {})
        if not isinstance(text, str) or "${!" in text:
            return None
        text = text.replace("${AWS::Partition}", "${Partition}")
        for match in {match[0]: match for match in _SUBSTITUTED.finditer(text)}.values():
            name = match[1] + (f".{match[2]}" if match[2] else "")
            if name == "Partition" and name not in own:
                continue
            found = (
                self.find(own[name])
                if name in own
                else self.find_attribute(match[1], match[2] or "Ref")
            )
            if found is None:
                return None
            text = text.replace(match[0], found)
        return None if "${AWS::" in text else text

    def rewrite(self, value: Any) -> Any:
        """Copy a value, the state machine's old logical ID replaced by the workflow's."""
        if isinstance(value, list):
            return [self.rewrite(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if set(value) == {"Ref"} and value["Ref"] in self.renamed:
            return {"Ref": self.renamed[value["Ref"]]}
        if set(value) == {"Ref"} and value["Ref"] in self.elsewhere:
            return {"Fn::Sub": self.elsewhere[value["Ref"]]}
        if set(value) == {"Fn::GetAtt"}:
            return self._rewrite_attribute(join_attribute(value["Fn::GetAtt"]))
        if set(value) == {"Fn::Sub"}:
            return {"Fn::Sub": self._rewrite_text(value["Fn::Sub"])}
        return {key: self.rewrite(item) for key, item in value.items()}

    def _rewrite_attribute(self, name: str) -> Any:
        owner, _, attribute = name.partition(".")
        if owner in self.elsewhere:
            return {"Fn::Sub": self._elsewhere_name(owner, attribute)}
        if owner not in self.renamed:
            return {"Fn::GetAtt": [owner, attribute]}
        new = self.renamed[owner]
        return {"Ref": new} if attribute == "Arn" else {"Fn::GetAtt": [new, attribute]}

    def _elsewhere_name(self, owner: str, attribute: str) -> str:
        arn = self.elsewhere[owner]
        return arn.rpartition(":")[2] if attribute == "Name" else arn

    def _rewrite_text(self, inner: Any) -> Any:
        if isinstance(inner, list):
            return [self._rewrite_text(inner[0]), *map(self.rewrite, inner[1:])]
        text = str(inner)
        for old in self.elsewhere:
            for attribute in ("", "Arn", "Name"):
                name = f"{old}.{attribute}" if attribute else old
                text = text.replace(f"${{{name}}}", self._elsewhere_name(old, attribute))
        for old, new in self.renamed.items():
            text = text.replace(f"${{{old}.Arn}}", f"${{{new}}}")
            text = text.replace(f"${{{old}}}", f"${{{new}}}").replace(f"${{{old}.", f"${{{new}.")
        return text


def join_attribute(inner: Any) -> str:
    """Return what `Fn::GetAtt` names in one text: `Stock.Arn`."""
    return ".".join(map(str, inner)) if isinstance(inner, list) else str(inner)


def list_targets(value: Any) -> Iterator[str]:
    """Yield the logical IDs that a value refers to."""
    waiting = [value]
    for one in waiting:  # grows while we walk
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, Mapping):
            if isinstance(one.get("Ref"), str):
                yield one["Ref"]
            if "Fn::GetAtt" in one:
                yield join_attribute(one["Fn::GetAtt"]).partition(".")[0]
            if "Fn::Sub" in one:
                text = one["Fn::Sub"]
                yield from (m[1] for m in _SUBSTITUTED.finditer(str(text)))
            waiting.extend(one.values())


def is_our_parameter(name: str) -> bool:
    """Return whether every workflow's template has a parameter of this name."""
    return name in _OUR_PARAMETERS
