"""Functions of JSONata that the library answers otherwise than JSONata 2.0.6, which AWS runs.

Their arguments are checked already; one that is missing is None.
"""

from __future__ import annotations

import base64
import json
import math
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from functools import reduce

from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.utils import Utils

from carnation.asl.expressions.jsonata_values import (
    MAX_CHARACTERS,
    MEMORY,
    LimitError,
    format_number,
    shorten,
)
from carnation.document.values import is_number
from carnation.lazy import TYPE_CHECKING, compile_lazily

if TYPE_CHECKING:
    from typing import Any

NULL = Utils.NULL_VALUE


def _string(value: Any = None, pretty: Any = None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if is_number(value) and not math.isfinite(value):
        raise JException("D3001", -1)
    if isinstance(value, list) and getattr(value, "outer_wrapper", False):
        value = value[0]
    return "" if _is_function(value) else "".join(_write(value, "\n" if pretty else ""))


def _is_function(value: Any) -> bool:
    return bool(Utils.is_function(value) or Functions.is_lambda(value) or Functions.is_regex(value))


def _write(value: Any, line: str) -> Iterator[str]:
    """Write JSON as JavaScript does; `line` is the beginning of a line, empty without lines."""
    if value is None or value is NULL:
        yield "null"
    elif is_number(value):
        if not math.isfinite(value):
            raise JException("D1001", -1, NULL)
        yield format_number(shorten(value))
    elif isinstance(value, list):
        yield from _render_all("[]", ([item] for item in value), line)
    elif isinstance(value, Mapping):
        colon = ": " if line else ":"
        members = ([key, colon, item] for key, item in value.items())
        yield from _render_all("{}", members, line)
    else:
        yield '""' if _is_function(value) else json.dumps(value, ensure_ascii=False)


def _render_all(brackets: str, members: Iterator[list[Any]], line: str) -> Iterator[str]:
    inner = line + "  " if line else ""
    opened = False
    yield brackets[0]
    for *name, value in members:
        yield f"{',' if opened else ''}{inner}"
        if name:
            yield json.dumps(name[0], ensure_ascii=False) + name[1]
        yield from _write(value, inner)
        opened = True
    yield (line if opened else "") + brackets[1]


_DECIMAL = compile_lazily(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?", re.ASCII)
_RADIX = compile_lazily(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+")


def _number(value: Any = None) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        if _RADIX.fullmatch(value):
            return int(value, 0)
        if not _DECIMAL.fullmatch(value) or not math.isfinite(float(value)):
            raise JException("D3030", -1, value)
        return float(value)
    return value


def _power(base: Any = None, exponent: Any = None) -> Any:
    if base is None:
        return None
    try:
        result = math.nan if exponent is None else float(base) ** float(exponent)
    except (OverflowError, ZeroDivisionError):
        result = math.inf
    if isinstance(result, complex) or not math.isfinite(result):
        raise JException("D3061", -1, base, exponent)
    return result


def _round(value: Any = None, precision: Any = None) -> Any:
    if value is None or not math.isfinite(value):
        return value
    if precision is not None and precision != int(precision):
        return math.nan
    unit = Decimal(1).scaleb(-int(precision or 0))
    shown = Decimal(format_number(value))
    if shown.adjusted() - unit.adjusted() > 25:
        return value  # there is nothing to round
    return float(shown.quantize(unit, ROUND_HALF_EVEN))


def _format_base(value: Any = None, radix: Any = None) -> str | None:
    if value is None:
        return None
    base = 10 if radix is None else _round(radix)
    if not 2 <= base <= 36:
        raise JException("D3100", -1, base)
    if base == 10:
        return format_number(_round(value))
    return str(Functions.base_repr(int(_round(value)), int(base))).lower()


def _sum(items: Any = None) -> Any:
    return None if items is None else reduce(lambda left, right: left + right, items, 0)


def _average(items: Any = None) -> Any:
    return _sum(items) / len(items) if items else None


def _lowercase(text: Any = None) -> Any:
    return None if text is None else text.lower()


def _error(message: Any = None) -> Any:
    raise JException("D3137", -1, message or "$error() function evaluated")


def _assert(condition: Any = None, message: Any = None) -> None:
    if not condition:
        raise JException("D3141", -1, message or "$assert() statement failed")


def _format_number(value: Any = None, picture: Any = None, options: Any = None) -> Any:
    if value is None:
        return None
    separators = {"grouping-separator": ",", "decimal-separator": ".", **(options or {})}
    comma = separators["grouping-separator"]
    if any(comma + comma in part for part in picture.split(";")):
        raise JException("D3089", -1)
    if re.search(r"[0-9#]e(?![0-9]*$)", picture):
        raise JException("D3093", -1)
    passive = re.search(r"[0-9#,.]([^0-9#,.;e%‰]+)[0-9#]", picture)
    if passive and not options:
        raise JException("D3086", -1)
    return Functions.format_number(value, picture, options)


def _base64decode(text: Any = None) -> Any:
    if text is None:
        return None
    data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _make_url(name: str, change: Callable[[str], str]) -> Callable[..., Any]:
    def convert(text: Any = None) -> Any:
        if text is None:
            return None
        try:
            return change(text)
        except UnicodeError:
            raise JException("D3140", -1, name, text) from None

    return convert


_RESERVED = ["%23", "%24", "%26", "%2B", "%2C", "%2F", "%3A", "%3B", "%3D", "%3F", "%40"]


def _decode_component(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise UnicodeError
    return urllib.parse.unquote(text, errors="strict")


def _decode(text: str) -> str:
    """Decode what is not a delimiter of URLs."""
    kept = re.sub(
        "|".join(_RESERVED), lambda found: "%25" + found[0][1:], text, flags=re.IGNORECASE
    )
    return _decode_component(kept)


def _pad(text: Any = None, width: Any = None, char: Any = None) -> Any:
    if is_number(width) and abs(width) > MAX_CHARACTERS:
        raise LimitError(MEMORY)
    return Functions.pad(text, width, char)


def _replace(text: Any = None, pattern: Any = None, new: Any = None, limit: Any = None) -> Any:
    if text is None:
        return None
    if pattern == "":
        raise JException("D3010", -1)
    if limit is not None and limit < 0:
        raise JException("D3011", -1)
    most = 0 if limit is None else math.ceil(limit)
    if limit == 0:
        return text
    if isinstance(pattern, str) and isinstance(new, str):
        if text.count(pattern) * len(new) > MAX_CHARACTERS:
            raise LimitError(MEMORY)
        return text.replace(pattern, new, most or -1)
    if Functions.is_regex(pattern):
        return pattern.sub(_make_replacer(new), text, most)
    return re.sub(re.escape(str(pattern)), _make_replacer(new), text, count=most)


def _make_replacer(new: Any) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        if found[0] == "":
            raise JException("D1004", -1, found[0])
        if isinstance(new, str):
            return _expand(new, found)
        groups = [group or "" for group in found.groups()]
        match = {"match": found[0], "start": found.start(), "end": found.end(), "groups": groups}
        result = Functions.func_apply(new, [match])
        if not isinstance(result, str):
            raise JException("D3012", -1)
        return result

    return replace


def _expand(template: str, found: re.Match[str]) -> str:
    """Put groups in for `$n`, of which as many digits count as name a group."""
    width = len(str(found.re.groups))

    def put(place: re.Match[str]) -> str:
        text = place[1]
        if text == "$":
            return "$"
        if text.startswith("0"):
            return found[0] + text[1:]
        digits = text[:width]
        while len(digits) > 1 and int(digits) > found.re.groups:
            digits = digits[:-1]
        group = found[int(digits)] if int(digits) <= found.re.groups else ""
        return (group or "") + text[len(digits) :]

    return re.sub(r"\$(\$|[0-9]+)", put, template)


def _distinct(items: Any = None) -> Any:
    if not isinstance(items, list) or len(items) <= 1:
        return items
    found = Utils.create_sequence() if Utils.is_sequence(items) else []
    for item in items:
        if not any(Utils.is_deep_equal(item, each) for each in found):
            found.append(item)
    return found


class _Ordered:
    """An item among those that a comparator sorts."""

    def __init__(self, item: Any, comparator: Any) -> None:
        self.item, self.comparator = item, comparator

    def __lt__(self, other: _Ordered) -> bool:
        answer = Functions.func_apply(self.comparator, [other.item, self.item])
        return bool(Functions.to_boolean(answer))


def _sort(items: Any = None, comparator: Any = None) -> Any:
    if items is None or len(items) <= 1:
        return items
    if comparator is not None:
        ordered = sorted(_Ordered(item, comparator) for item in items)
        return [each.item for each in ordered]
    if not Utils.is_array_of_numbers(items) and not Utils.is_array_of_strings(items):
        raise JException("D3070", -1)
    return sorted(items)


_TIMESTAMP = compile_lazily(
    r"(\d{4})(?:-([01]\d))?(?:-([0-3]\d))?"
    r"(?:T([0-2]\d):([0-5]\d):([0-5]\d))?(?:\.(\d+))?([+-][0-2]\d:?[0-5]\d|Z)?",
    re.ASCII,
)


def _to_millis(text: Any = None, picture: Any = None) -> Any:
    if text is None:
        return None
    if picture is not None:
        return _with_code(Functions.datetime_to_millis, text, picture)
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise JException("D3110", -1, text)
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        moment = datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        return math.nan
    zone = (found[8] or "Z").replace(":", "")
    shift = 0 if zone == "Z" else int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[3:]))
    millis = int(f"{found[7] or '0':0<3}"[:3])
    return (int(moment.timestamp()) - shift * 60) * 1000 + millis


def format_moment(millis: Any = None, picture: Any = None, zone: Any = None) -> Any:
    """Format milliseconds since 1970, as `$fromMillis` does."""
    return _with_code(Functions.datetime_from_millis, millis, picture, zone)


def _format_integer(value: Any = None, picture: Any = None) -> Any:
    return _with_code(Functions.format_integer, value, picture)


def _parse_integer(value: Any = None, picture: Any = None) -> Any:
    if value is None:
        return None
    try:
        found = _with_code(Functions.parse_integer, value, picture)
    except ValueError:
        return math.nan
    return math.nan if found is None else found


_PICTURES = {
    "Formatting or parsing an integer": "D3130",
    "In a decimal digit pattern": "D3131",
    "Unknown component": "D3132",
    "The 'name' modifier": "D3133",
    "The timezone integer": "D3134",
    "No matching closing bracket": "D3135",
    "The date/time picture": "D3136",
}


def _with_code(compute: Callable[..., Any], value: Any, picture: Any, *more: Any) -> Any:
    """Call a function of the library whose errors have no code."""
    try:
        return compute(value, picture, *more)
    except KeyError as error:
        raise JException("D3132", -1, error.args[0]) from None
    except RuntimeError as error:
        for beginning, code in _PICTURES.items():
            if str(error).startswith(beginning):
                raise JException(code, -1, picture) from None
        raise


def _with_nulls(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function see the nulls of an array, which the library takes for nothing."""

    def call(items: Any = None, *more: Any) -> Any:
        if isinstance(items, list) and any(item is None for item in items):
            items = [NULL if item is None else item for item in items]
        return function(items, *more)

    return call


IMPLEMENTATIONS: Mapping[str, Callable[..., Any]] = {
    "string": _string,
    "number": _number,
    "power": _power,
    "round": _round,
    "formatBase": _format_base,
    "formatNumber": _format_number,
    "formatInteger": _format_integer,
    "parseInteger": _parse_integer,
    "sum": _sum,
    "average": _average,
    "lowercase": _lowercase,
    "error": _error,
    "assert": _assert,
    "pad": _pad,
    "replace": _replace,
    "base64decode": _base64decode,
    "decodeUrl": _make_url("decodeUrl", _decode),
    "decodeUrlComponent": _make_url("decodeUrlComponent", _decode_component),
    "encodeUrl": _make_url("encodeUrl", Functions.encode_url),
    "encodeUrlComponent": _make_url("encodeUrlComponent", Functions.encode_url_component),
    "distinct": _distinct,
    "sort": _sort,
    "toMillis": _to_millis,
    "fromMillis": format_moment,
    "map": _with_nulls(Functions.map),
    "filter": _with_nulls(Functions.filter),
    "single": _with_nulls(Functions.single),
    "reduce": _with_nulls(Functions.fold_left),
    "spread": _with_nulls(Functions.spread),
}
