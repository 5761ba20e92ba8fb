"""The one canonical writer.

What is in `build/` is reviewed line by line, so its bytes must depend on nothing but its content:
two-space JSON with one key a line, YAML with CloudFormation's short tags, a final newline, and the
order of keys that the maker chose.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from carnation.errors import DocumentError, UsageError
from carnation.lazy import compile_lazily


def dump_json(value: object) -> str:
    r"""Write a value as canonical JSON: two spaces, one key a line, final newline, UTF-8 as is.

    Raises `DocumentError` for what JSON has no word for (NaN, infinities, sets, …).

    >>> dump_json({"Comment": "grün", "End": True})
    '{\n  "Comment": "grün",\n  "End": true\n}\n'
    """
    try:
        return _render_json(value, "\n") + "\n"
    except (TypeError, RecursionError):  # another class, a key that is no text, what is wrong
        return _render_slowly(value)


def _render_json(value: Any, line: str) -> str:
    """Render what definitions consist of, in a third of the time that `json` takes to indent.

    `line` is a line break and the indent behind it.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    inner = line + "  "
    if kind is dict:
        pairs = [
            f"{inner}{encode_basestring(key)}: {_render_json(item, inner)}"
            for key, item in value.items()
        ]
        return f"{{{','.join(pairs)}{line}}}" if pairs else "{}"
    if kind is list:
        items = [inner + _render_json(item, inner) for item in value]
        return f"[{','.join(items)}{line}]" if items else "[]"
    if kind is int or (kind is float and value - value == 0):
        return repr(value)
    if value is True or value is False or value is None:
        return _CONSTANTS[value]
    raise TypeError


_CONSTANTS = {True: "true", False: "false", None: "null"}


def _render_slowly(value: object) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise DocumentError(f"the value cannot be written as JSON: {error}") from error


# A scalar that YAML 1.1 and 1.2 both read as this very string, without quotes.
_PLAIN = compile_lazily(
    r"[A-Za-z_/$](?:[A-Za-z0-9_./$(){}@+*=,;<>?-]|:(?=[^\s:])| (?=[^\s#]))*\Z", re.ASCII
)
_WORDS = frozenset(
    {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"}
)
_SHORT_TAGS = {
    "Ref": "!Ref",
    "Condition": "!Condition",
    "Fn::Sub": "!Sub",
    "Fn::Join": "!Join",
    "Fn::If": "!If",
    "Fn::Not": "!Not",
    "Fn::And": "!And",
    "Fn::Or": "!Or",
    "Fn::Equals": "!Equals",
    "Fn::Select": "!Select",
    "Fn::Split": "!Split",
}


def dump_yaml(value: object) -> str:
    """Write a CloudFormation template (plain dicts, lists, scalars) as canonical YAML.

    Intrinsic functions get their short tags; strings are quoted wherever a reader could take them
    for something else; the order of keys is kept. A YAML 1.1 reader that knows the tags gives the
    value back (tested against PyYAML).

    >>> print(dump_yaml({"Q": {"Type": "AWS::SQS::Queue", "Name": {"Fn::Sub": "${P}-q"}}}), end="")
    Q:
      Type: AWS::SQS::Queue
      Name: !Sub ${P}-q
    """
    lines: list[str] = []
    _add_lines(value, "", lines)
    return "\n".join(lines) + "\n"


def dump_entry(name: str, value: object, indent: str) -> str:
    r"""Write one entry of a mapping as canonical YAML, behind the indent that it has in there.

    >>> dump_entry("Queue", {"Type": "AWS::SQS::Queue"}, "  ")
    '  Queue:\n    Type: AWS::SQS::Queue\n'
    """
    lines: list[str] = []
    _add_entry(f"{indent}{_render_text(name)}:", value, indent, lines)
    return "\n".join(lines) + "\n"


def _add_lines(value: object, indent: str, lines: list[str]) -> None:
    if isinstance(value, (dict, Mapping)) and value:
        for key, item in value.items():
            _add_entry(f"{indent}{_render_text(str(key))}:", item, indent, lines)
    elif isinstance(value, (list, tuple)) and value:
        for item in value:
            _add_item(item, indent, lines)
    else:
        lines.append(indent + _yaml_scalar(value))


def _add_entry(head: str, item: object, indent: str, lines: list[str]) -> None:
    """Write one value behind its key (or tag): on the same line if it fits there, else below."""
    if isinstance(item, str):
        if "\n" in item and _is_block(item):
            lines.append(f"{head} |")
            lines.extend(f"{indent}  {line}" if line else indent for line in item[:-1].split("\n"))
        else:
            lines.append(f"{head} {_render_text(item)}")
    elif not item or not isinstance(item, (dict, list, tuple, Mapping)):
        lines.append(f"{head} {_yaml_scalar(item)}")
    elif tagged := _find_tag(item):
        _add_entry(f"{head} {tagged[0]}", tagged[1], indent, lines)
    else:
        lines.append(head)
        _add_lines(item, indent + "  ", lines)


def _add_item(item: object, indent: str, lines: list[str]) -> None:
    nested = not isinstance(item, str) and item and isinstance(item, (dict, list, tuple, Mapping))
    if not nested or _find_tag(item):
        _add_entry(f"{indent}-", item, indent, lines)
        return
    first = len(lines)
    _add_lines(item, indent + "  ", lines)
    lines[first] = f"{indent}- {lines[first][len(indent) + 2 :]}"


def _find_tag(item: object) -> tuple[str, object] | None:
    """Find the short tag of an intrinsic function and what is behind it."""
    if isinstance(item, (str, list)) or not isinstance(item, (dict, Mapping)) or len(item) != 1:
        return None
    ((key, inner),) = item.items()
    if key == "Fn::GetAtt" and isinstance(inner, (list, tuple)):
        return "!GetAtt", ".".join(map(str, inner))
    tag = _SHORT_TAGS.get(key)
    # a policy statement's Condition is not CloudFormation's; and YAML has no `!If !Ref x`
    if tag is None or (key == "Condition" and not isinstance(inner, str)) or _find_tag(inner):
        return None
    return tag, inner


def _is_block(text: str) -> bool:
    lines = text.split("\n")
    return (
        text.endswith("\n")
        and len(lines) > 2
        and not text.endswith("\n\n")
        and lines[0][:1] not in ("", " ", "\t")
        and all(line.isprintable() and line == line.rstrip() for line in lines)
    )


@lru_cache(maxsize=4096)  # templates say the same few words again and again
def _render_text(value: str) -> str:
    plain = _PLAIN.match(value.replace("::", ":")) and value.lower() not in _WORDS
    return value if plain else _quoted(value)


def _yaml_scalar(value: object) -> str:
    if isinstance(value, str):
        return _render_text(value)
    if isinstance(value, float) and value != value:
        raise DocumentError("the value cannot be written as YAML: NaN has no place in a template")
    if value is True or value is False:
        return "true" if value else "false"
    if value is None or isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, Mapping) and not value:
        return "{}"
    if isinstance(value, (list, tuple)) and not value:
        return "[]"
    raise DocumentError(
        f"the value cannot be written as YAML: {type(value).__name__} is not a scalar"
    )


_SURROGATES = compile_lazily(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")


def _quoted(text: str) -> str:
    """Quote a text as JSON does, which YAML reads too but for characters beyond 16 bits."""
    return _SURROGATES.sub(_beyond_16_bits, encode_basestring_ascii(text))


def _beyond_16_bits(pair: re.Match[str]) -> str:
    return f"\\U{ord(json.loads(chr(34) + pair[0] + chr(34))):08x}"


def write_files(files: Mapping[str, bytes]) -> None:
    """Write files by path, all beside their places first, then moved: nobody meets half a file.

    Raises `UsageError` for a place where nothing can be written; then no file is changed.
    """
    beside = {path: f"{path}.{os.getpid()}.part" for path in files}
    try:
        for path, content in files.items():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(beside[path], "wb") as file:
                file.write(content)
        for path, part in beside.items():
            os.replace(part, path)
    except OSError as error:
        for part in beside.values():
            if os.path.exists(part):
                os.remove(part)
        raise UsageError(
            f"{error.filename2 or error.filename} cannot be written ({error.strerror}). "
            "Give --out another place."
        ) from error
