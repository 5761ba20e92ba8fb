"""Names in a policy, spelled for the tool that deploys it: CloudFormation, `Fn::Sub`, or plain.

Plain names (`${Partition}`, `${Region}`, `${AccountId}`) are what Terraform's `templatefile` and
Python's `string.Template` read, as the substitutions of a definition are.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily

NAMES = ("cloudformation", "sub", "plain")
_PSEUDO = compile_lazily(r"\$\{AWS::([A-Za-z]+)\}")
_NAME = compile_lazily(r"\$\{([A-Za-z0-9]+)\}")


def render_names(value: Json, names: str, given: Mapping[str, Json] | None = None) -> Json:
    """Copy a policy with its names spelled for a tool.

    With `sub`, `given` are a template's `DefinitionSubstitutions`: what they give, `Fn::Sub` gets.

    >>> arn = "arn:${AWS::Partition}:sns:::${Told}"
    >>> render_names([arn], "plain")
    ['arn:${Partition}:sns:::${Told}']
    >>> render_names(arn, "sub", {"Told": {"Ref": "Topic"}})
    {'Fn::Sub': ['arn:${AWS::Partition}:sns:::${Told}', {'Told': {'Ref': 'Topic'}}]}
    """
    if isinstance(value, Mapping):
        return {key: render_names(item, names, given) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [render_names(item, names, given) for item in value]
    if not isinstance(value, str) or "${" not in value or names == "cloudformation":
        return value
    return _PSEUDO.sub(r"${\1}", value) if names == "plain" else _substitute(value, given or {})


def _substitute(text: str, given: Mapping[str, Json]) -> Json:
    found = {name: _find(name, given) for name in dict.fromkeys(_NAME.findall(text))}
    known = {name: value for name, value in found.items() if value is not None}
    for name, value in known.items():
        if text == f"${{{name}}}":
            return value
    return {"Fn::Sub": [text, known] if known else text}


def _find(name: str, given: Mapping[str, Json]) -> Json:
    """Find what a name represents; the ARN of a queue, whose URL alone the definition knows."""
    if name in given:
        return given[name]
    base = name.removesuffix("Arn")
    for one in (base, f"{base}Url"):
        value = given.get(one)
        if name != base and isinstance(value, Mapping) and isinstance(value.get("Ref"), str):
            return {"Fn::GetAtt": [value["Ref"], "Arn"]}
    return None
