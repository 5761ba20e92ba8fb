"""Names in Python for what has names in a definition: states, ARNs, files.

Whatever a name holds, what comes out is an identifier of ASCII letters that no keyword, built-in or
other name of the module has taken. That is half of why nothing in a foreign file can become code;
the other half is that every other text is written as a literal.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

_MAX_NAME_LENGTH = (
    34  # `    <name> = draw_<name>()` fits into 88 columns, a number at its end included
)
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+[a-z]*")
_TAKEN = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls"})
_SERVICES = re.compile("DynamoDB|CloudWatch|CloudFormation|CloudTrail|EventBridge")
_FILE_SUFFIX = re.compile(
    r"(\.asl)?\.(json5?|jsonc|ya?ml|template)$|\.asl$|\.sfn$|\.(template|stepfunctions?)(?=\.)",
    re.IGNORECASE,
)
MAX_WORKFLOW_LENGTH = 40


def split_words(text: str) -> list[str]:
    """Split a text into words of ASCII letters and digits, in lowercase letters.

    A service that boto3 writes as one word is one.

    >>> split_words("Get SQSMessage: 2nd tryAgain é, S3Bucket")
    ['get', 'sqs', 'message', '2nd', 'try', 'again', 'e', 's3', 'bucket']
    >>> split_words("DynamoDB PutItem")
    ['dynamodb', 'put', 'item']
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return [word.lower() for word in _WORDS.findall(_SERVICES.sub(_join, plain))]


def _join(service: re.Match[str]) -> str:
    return service[0].capitalize()


def make_identifier(text: str, fallback: str, longest: int = _MAX_NAME_LENGTH) -> str:
    """Turn a text into a snake_case identifier; `fallback` is what it is, where no word is left.

    >>> make_identifier("Charge Card", "task"), make_identifier("Pass", "pass")
    ('charge_card', 'pass_state')
    >>> make_identifier("3 retries", "wait"), make_identifier("待つ", "wait")
    ('wait_3_retries', 'wait')
    """
    words = split_words(text) or [fallback]
    if words[0][0].isdigit():
        words.insert(0, fallback)
    name = words[0]
    for word in words[1:]:
        if len(name) + len(word) >= longest:
            break
        name += f"_{word}"
    name = name[:longest]
    return f"{name}_state" if name in _TAKEN else name


class Names:
    """The names that a module has given away, each once.

    >>> names = Names(["Chain"])
    >>> names.reserve("charge"), names.reserve("charge"), names.reserve("Chain")
    ('charge', 'charge_2', 'Chain_2')
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def reserve(self, name: str) -> str:
        """Return the name away, with a number at its end where it is taken."""
        chosen, count = name, self._counts.get(name, 1)
        while chosen in self._taken:
            count += 1
            chosen = f"{name}_{count}"
        self._counts[name] = count
        self._taken.add(chosen)
        return chosen


def to_workflow_name(text: str) -> str:
    """Name a workflow after a file or a logical ID: lowercase letters, digits, hyphens, at most 40.

    >>> to_workflow_name("OrderStateMachine"), to_workflow_name("2_Order Pipeline.asl.json")
    ('order-state-machine', 'workflow-2-order-pipeline')
    """
    words = split_words(_strip_suffix(text)) or ["workflow"]
    if words[0][0].isdigit() or keyword.iskeyword("_".join(words)):
        words.insert(0, "workflow")
    return make_identifier(" ".join(words), "workflow", MAX_WORKFLOW_LENGTH).replace("_", "-")


def _strip_suffix(text: str) -> str:
    while _FILE_SUFFIX.search(text):
        text = _FILE_SUFFIX.sub("", text)
    return text
