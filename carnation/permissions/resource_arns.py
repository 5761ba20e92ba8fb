"""What a call is about: its parameters, made into the ARN that IAM compares.

AWS's reference gives each action patterns (`arn:…:table/${TableName}`); parameters of the task fill
them. A substitution stays as it is. What is worked out while an execution runs becomes `*`, and the
note says so; what such a value is seen to begin with stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.names import render_names
from carnation.permissions.parameters import Given, read_parameters
from carnation.permissions.required import Target, to_arn
from carnation.permissions.variables import MADE, fits, read_head, read_variable
from carnation.services.iam import Authorization

UNLISTED = "AWS's reference does not list this action: look it up"
_PSEUDO = {"Partition": "${AWS::Partition}", "Region": "${AWS::Region}"}
_ACCOUNTS = ("Account", "AccountId")
_VARIABLE = compile_lazily(r"\$\{(\w+)\}")
_SUBSTITUTION = compile_lazily(r"\$\{[^{}]+\}\Z")
_QUEUE_URL = compile_lazily(r"https?://sqs\.([a-z0-9-]+)\.[^/]+/(\d+|\$\{[^}]+\})/(.+)\Z")
_SUFFIXED = compile_lazily(r"-(?![a-z]{6}\Z)[A-Za-z0-9]{6}\Z|[*?}]\Z")
_WHOLE = ("ResourceArn", "ResourceARN", "Resource", "Arn")

_ARNS_BY_CUSTOM = (
    "FunctionName", "JobQueue", "JobDefinition", "TaskDefinition", "SecretId", "KeyId", "RoleArn",
)  # fmt: skip
"""Parameters for which a substitution nearly always holds an ARN, though a name would do."""


def find_targets(
    needed: Authorization, given: Mapping[str, Json], action: str = ""
) -> list[Target]:
    """Find what an authorization is about, as narrowly as the parameters of the action allow.

    All that it is always about, and of what it may be about, all that is given.
    """
    if not needed.is_listed:
        return [Target("*", UNLISTED)]
    chosen = _choose(needed.at_times, given, action)
    always = needed.always if not any("/index/" in one for one in chosen) else ()
    found = _drop_alternatives([_fill(pattern, given, action) for pattern in always])
    for pattern in chosen:
        found += _fill(pattern, given, action)
    if not found:
        found = _find_whole(given) or [Target("*")]
    return list(dict.fromkeys(found))


def _drop_alternatives(filled: list[list[Target]]) -> list[Target]:
    """Drop the kinds that are not meant where an ARN tells the kind: `listener/net` or `…/app`."""
    named = {_read_first(one.resource) for same in filled for one in same if one.is_exact}
    return [
        one
        for same in filled
        for one in same
        if one.is_exact or "worked out" in one.note or not _is_open(one)
        or _read_first(one.resource) not in named
    ]  # fmt: skip


def _read_first(arn: str) -> str:
    return re.split(r"[/:]", re.sub(r"\$\{AWS::\w+\}", "_", arn).split(":", 5)[-1])[0]


def _is_open(target: Target) -> bool:
    """Return whether nothing of a resource is fixed but its kind."""
    return bool(re.search(r":[\w-]+(/[a-z-]+)?([/:]\*)+\Z", target.resource))


def _choose(patterns: Iterable[str], given: Mapping[str, Json], action: str) -> list[str]:
    """Choose the patterns that are given; of two kinds of one thing, the one that says more."""
    named = [pattern for pattern in patterns if _is_given(pattern, given, action)]
    heads: dict[str, list[str]] = {}
    for pattern in named:
        heads.setdefault(pattern.partition("${")[0] + read_head(pattern), []).append(pattern)
    return [max(same, key=lambda text: (len(_VARIABLE.findall(text)), text))
            for same in heads.values()]  # fmt: skip


def _is_given(pattern: str, given: Mapping[str, Json], action: str) -> bool:
    variables = [name for name in _list_variables(pattern) if name not in MADE]
    variables = [name for name in variables if name != "Id"] or variables
    if not variables:
        return False
    return all(read_variable(name, pattern, given, action, is_sure=True) for name in variables)


def _list_variables(pattern: str) -> list[str]:
    return [name for name in _VARIABLE.findall(pattern.split(":", 5)[-1]) if name not in _PSEUDO]


def _find_whole(given: Mapping[str, Json]) -> list[Target]:
    """Find what the whole call is about, where it takes any kind of resource."""
    return [
        Target(parameter.text)
        for parameter in read_parameters(given, *_WHOLE)
        if parameter.text and (parameter.text.startswith("arn:") or _is_arn(parameter))
    ]


def _fill(pattern: str, given: Mapping[str, Json], action: str) -> list[Target]:
    """Fill a pattern; a parameter with several values makes several targets."""
    account = pattern.split(":", 5)[4:5]
    text = _VARIABLE.sub(lambda found: _PSEUDO.get(found[1], found[0]), pattern)
    for name in _ACCOUNTS if account else ():
        text = text.replace(f":${{{name}}}:", ":${AWS::AccountId}:", 1)
    if text.endswith(":*") and not _VARIABLE.search(text):  # of a kind without a variable
        literals = (one for key in given for one in read_parameters(given, key.removesuffix(".$")))
        fitting = [one for one in literals if one.text and one.text.startswith("arn:")
                   and fits(one, text.removesuffix("*") + "${Id}")]  # fmt: skip
        return [Target(one.pattern) for one in fitting] or [Target(text)]
    return list(_fill_rest("", text, given, action))


def _fill_rest(
    head: str, text: str, given: Mapping[str, Json], action: str, notes: tuple[str, ...] = ()
) -> Iterator[Target]:
    match = _VARIABLE.search(text)
    if match is None:
        yield Target(head + text, ", ".join(dict.fromkeys(notes)))
        return
    name, rest = match[1], text[match.end() :]
    head += text[: match.start()]
    found = read_variable(name, head + text[match.start() :], given, action)
    if not found:
        made = name in MADE or (name == "Id" and "*" not in head and head.endswith("/"))
        note = () if made else (f"its {name} is not given",)
        own = "${AWS::AccountId}" if name in _ACCOUNTS else "*"
        yield from _fill_rest(head + own, rest, given, action, notes + note)
    for parameter in found:
        arn = read_arn(parameter)
        fixed = parameter.text is not None or bool(arn and name in MADE)
        more = notes if fixed else (*notes, f"{parameter.name} is worked out while it runs")
        if arn:
            yield from _continue_arn(arn, rest, given, action, more)
            continue
        for spelled in render_names(name, parameter):
            yield from _fill_rest(head + spelled, rest, given, action, more)


def read_arn(parameter: Given | None) -> str:
    """Return a parameter's ARN, if it holds one: as such, behind a URL, or for a substitution."""
    if parameter is None:
        return ""
    text = parameter.pattern
    if text.startswith("arn:") and (text.count(":") >= 5 or parameter.text is not None):
        return text
    if parameter.text is None:
        return ""
    if parameter.name == "QueueUrl":
        return read_queue(text)
    return text if _is_arn(parameter) else ""


def _is_arn(parameter: Given) -> bool:
    name, text = parameter.name.lower(), parameter.text or ""
    if not _SUBSTITUTION.match(text) or text.startswith("${!"):
        return False
    is_named = name.endswith(("arn", "arns")) or text.rstrip("}").endswith("Arn")
    return is_named or parameter.name in _ARNS_BY_CUSTOM


def read_queue(url: str) -> str:
    """Return the ARN of a queue by its URL; of a substitution, one that ends in Arn.

    >>> read_queue("https://sqs.eu-west-1.amazonaws.com/111122223333/jobs")
    'arn:${AWS::Partition}:sqs:eu-west-1:111122223333:jobs'
    >>> read_queue("${JobsQueueUrl}"), read_queue("${Jobs.Arn}")
    ('${JobsQueueArn}', '${Jobs.Arn}')
    """
    match = _QUEUE_URL.match(url)
    if match:
        region, account, name = match.groups()
        return f"arn:${{AWS::Partition}}:sqs:{region}:{account}:{name}"
    if _SUBSTITUTION.match(url):
        return url if url.endswith("Arn}") else re.sub(r"(Url|URL)?\}$", "Arn}", url)
    return ""


def _continue_arn(
    arn: str, rest: str, given: Mapping[str, Json], action: str, notes: tuple[str, ...]
) -> Iterator[Target]:
    """Put behind an ARN what its pattern has behind the part that the ARN represents."""
    note = ", ".join(dict.fromkeys(notes))
    resource = arn.split(":", 5)[-1] if arn.startswith("arn:") else ""
    kind = rest.split("${")[0]
    if ":accesspoint/" in arn and rest.startswith("/"):
        inside = rest if rest.startswith("/object/") else f"/object{rest}"
        yield from _fill_rest(arn, inside, given, action, notes)
    elif resource.startswith("task-definition/") and ":" not in resource:
        yield Target(f"{arn}:*", note)  # whichever revision is the newest
    elif resource.startswith("secret:") and not _SUFFIXED.search(resource):
        yield from (Target(arn, note), Target(f"{arn}-??????", note))
    elif resource.startswith("alias/") and ":kms:" in arn:
        yield Target(to_arn("kms", "key/*"), "an alias is no resource of this action")
    elif not rest or rest.startswith(":") or arn.endswith("*") or (kind != "/" and kind in arn):
        yield Target(arn, note)
    elif kind == "/" and resource and not arn.startswith("arn:${AWS::Partition}:s3:"):
        yield from _continue_name(arn, rest, given, action, notes)
    else:
        yield from _fill_rest(arn, rest, given, action, notes)


def _continue_name(
    arn: str, rest: str, given: Mapping[str, Json], action: str, notes: tuple[str, ...]
) -> Iterator[Target]:
    """Continue an ARN of a bucket, or end where the ARN has all parts already."""
    if re.match(r"arn:[^:]*:s3:::[^/]+\Z", arn):
        yield from _fill_rest(arn, rest, given, action, notes)
    else:
        yield Target(arn, ", ".join(dict.fromkeys(notes)))


def resolve_function(parameter: Given | None, qualifier: Given | None) -> Target:
    """Name the function of an invocation: by ARN, by part of one, or by its name.

    >>> resolve_function(Given("FunctionName", "hello:live"), None).resource
    'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:hello:live'
    """
    if parameter is None:
        return Target(to_arn("lambda", "function:*"), "FunctionName is worked out while it runs")
    note = "FunctionName is worked out while it runs" if parameter.text is None else ""
    arn = read_arn(parameter)
    if not arn:
        account, mark, name = parameter.pattern.rpartition(":function:")
        arn = to_arn("lambda", f"function:{name if mark else parameter.pattern}")
        if account:
            arn = arn.replace("${AWS::AccountId}", account.rpartition(":")[2])
    if qualifier is not None:
        return Target(f"{arn}:{qualifier.pattern}", note)
    return Target(arn, note)
