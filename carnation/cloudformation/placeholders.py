"""What is only known at deployment, as placeholders: `${Queue}`, `${Function.Arn}`, `${If.IsProd}`.

So a reader of a definition knows placeholders and no CloudFormation. A placeholder represents one
value: where a template gives one name two meanings, or has no name to give, ours tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.lazy import TYPE_CHECKING, compile_lazily, json, re

if TYPE_CHECKING:
    from typing import Any

_MAX_DEPTH = 200
_SUBSTITUTED = compile_lazily(r"\$\{(!?)([^{}]*)\}")
_UNNAMED = compile_lazily(r"[^A-Za-z0-9_.:-]+")
_DYNAMIC = compile_lazily(r"\{\{(resolve:[^{}]*)\}\}")


def is_intrinsic(value: Mapping[str, Any]) -> bool:
    """Return whether a mapping is a function of CloudFormation.

    >>> is_intrinsic({"Ref": "Queue"}), is_intrinsic({"Refund": 1})
    (True, False)
    """
    return len(value) == 1 and (next(iter(value)) == "Ref" or next(iter(value)).startswith("Fn::"))


class Placeholders:
    """The placeholders of one definition; `given` are its `DefinitionSubstitutions`.

    >>> placeholders = Placeholders({})
    >>> placeholders.replace([{"Fn::If": ["IsProd", 1, 2]}, {"Fn::If": ["IsProd", 3, 4]}])
    ['${If.IsProd}', '${If.IsProd.2}']
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._meanings = {name: _render_meaning(value) for name, value in given.items()}

    def replace(self, value: Any, depth: int = 0) -> Any:
        """Copy a value, every function in it turned into a placeholder."""
        if depth > _MAX_DEPTH:
            return "${TooDeep}"
        if isinstance(value, Mapping):
            if is_intrinsic(value):
                return self._name(value)
            return {key: self.replace(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.replace(item, depth + 1) for item in value]
        return self._hide_dynamic(value) if isinstance(value, str) else value

    def _hide_dynamic(self, text: str) -> str:
        """Put a placeholder where CloudFormation puts what a store holds, `{{resolve:…}}`."""
        if "{{resolve:" not in text:
            return text
        return _DYNAMIC.sub(lambda found: self._accept(found[1], {"resolve": found[1]}), text)

    def read_text(self, written: Any) -> str | None:
        """Return the text at deployment, unknown parts as placeholders; None if unknown."""
        if isinstance(written, str):
            return self._hide_dynamic(written)
        if not isinstance(written, Mapping) or len(written) != 1:
            return None
        if "Fn::Sub" in written:
            return self._substitute(written["Fn::Sub"])
        if "Fn::Join" in written:
            return self._join(written["Fn::Join"])
        return None

    def _substitute(self, arguments: Any) -> str | None:
        parts = arguments if isinstance(arguments, list) and arguments else [arguments]
        own = parts[1] if len(parts) > 1 and isinstance(parts[1], Mapping) else {}
        if not isinstance(parts[0], str):
            return None

        def place(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal or _UNNAMED.search(name):  # no name that CloudFormation would replace
                return f"${{{name}}}"
            resource, _, attribute = name.partition(".")
            outside = {"Fn::GetAtt": [resource, attribute]} if attribute else {"Ref": name}
            return self._accept(name, own.get(name, outside))

        return _SUBSTITUTED.sub(place, parts[0])

    def _join(self, arguments: Any) -> str | None:
        if not (isinstance(arguments, list) and len(arguments) == 2):
            return None
        separator, parts = arguments
        if not isinstance(separator, str) or not isinstance(parts, list):
            return None
        return separator.join(
            part if isinstance(part, str) else str(self.replace(part)) for part in parts
        )

    def _name(self, function: Mapping[str, Any]) -> str:
        text = self.read_text(function)
        if text is not None:
            return text
        ((key, inner),) = function.items()
        parts = inner if isinstance(inner, list) else [inner]
        texts = [part for part in parts if isinstance(part, str)]
        if key == "Fn::If":  # the condition's name; what follows are values
            texts = texts[:1]
        if key not in ("Ref", "Fn::GetAtt") or not texts:
            texts = [key.removeprefix("Fn::"), *texts]
        return self._accept(".".join(texts), function)

    def _accept(self, wanted: str, value: Any) -> str:
        """Return a placeholder for a value: the one it has, or a new one that nothing else has."""
        name = first = _UNNAMED.sub("-", wanted)
        meaning, count = _render_meaning(value), 1
        while self._meanings.setdefault(name, meaning) != meaning:
            count += 1
            name = f"{first}.{count}"
        return f"${{{name}}}"


def _render_meaning(value: Any) -> str:
    if isinstance(value, Mapping) and isinstance(value.get("Fn::GetAtt"), str):
        value = {"Fn::GetAtt": value["Fn::GetAtt"].split(".", 1)}
    return json.dumps(value, sort_keys=True, default=str)
