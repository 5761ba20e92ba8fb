"""Risks of the template around a definition: what CloudFormation refuses of a state machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl.graph import Problem
from carnation.document.values import Json
from carnation.lazy import compile_lazily, json, re
from carnation.linter.findings import ERROR, WARNING, risk
from carnation.linter.machine import Machine

_DEFINITIONS = ("Definition", "DefinitionString", "DefinitionS3Location", "DefinitionUri")
_LEVELS = ("ALL", "ERROR", "FATAL", "OFF")
_BAD_NAME = compile_lazily(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]""")
_MAX_NAME_LENGTH = 80
_OWN_KEY, _AWS_KEY = "CUSTOMER_MANAGED_KMS_KEY", "AWS_OWNED_KEY"


def _read(machine: Machine, *names: str) -> Mapping[str, Json]:
    """Read a block of properties by CloudFormation's name or SAM's; {} if it is none."""
    for name in names:
        value = machine.properties.get(name)
        if isinstance(value, Mapping) and not _is_function(value):
            return value
    return {}


def _is_function(value: Mapping[str, Json]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def _is_known(value: object) -> bool:
    return isinstance(value, str) and "${" not in value and "{{" not in value


@risk("missing-definition", ERROR)
def find_missing_definitions(machine: Machine) -> Iterator[Problem]:
    """A state machine in a template is given no definition.

    Problem: CloudFormation rejects it.
    Solution: give it `Definition`, `DefinitionString` or `DefinitionS3Location` (in SAM
    `DefinitionUri`).
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
    """
    yield from ()  # without a definition there is no machine; the lint's reader reports it


@risk("several-definitions", ERROR)
def find_several_definitions(machine: Machine) -> Iterator[Problem]:
    """A state machine in a template is given more than one definition.

    Problem: CloudFormation accepts one of `Definition`, `DefinitionString`, `DefinitionS3Location`
    (in SAM `DefinitionUri`) and rejects a second one.
    Solution: keep one.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
    """
    given = [name for name in _DEFINITIONS if name in machine.properties]
    if len(given) > 1:
        both = " and ".join(f"'{name}'" for name in given)
        yield Problem("", f"the template sets {both}; a state machine accepts one")


@risk("invalid-machine-name", ERROR)
def find_bad_names(machine: Machine) -> Iterator[Problem]:
    """The name that a template gives a state machine cannot be one.

    Problem: a name has 1 to 80 characters, without blanks, control characters and any of
    ``< > { } [ ] ? * " # % \\ ^ | ~ ` $ & , ; : /``.
    Solution: use letters, digits, hyphens and underscores, or let CloudFormation choose a name.
    Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    """
    for field in ("StateMachineName", "Name"):
        name = machine.properties.get(field)
        if not isinstance(name, str) or not _is_known(name):
            continue
        found = _BAD_NAME.search(name)
        if found:
            yield Problem("", f"'{field}' cannot have the character {found[0]!r}: '{name[:80]}'")
        elif not 0 < len(name) <= _MAX_NAME_LENGTH:
            yield Problem("", f"'{field}' must have 1 to 80 characters, got {len(name)}")


@risk("logging-without-destination", ERROR)
def find_lost_logs(machine: Machine) -> Iterator[Problem]:
    """A template sets a log level and no place to log to, or none that can be one.

    Problem: above `OFF` CloudFormation wants exactly one log group, by an ARN that ends in `:*`;
    it rejects anything else (`InvalidLoggingConfiguration`).
    Solution: give `Destinations` the `CloudWatchLogsLogGroup` of a log group
    (`!GetAtt LogGroup.Arn`), or set `Level` to OFF.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """
    logging = _read(machine, "LoggingConfiguration", "Logging")
    level, places = logging.get("Level", "OFF"), logging.get("Destinations")
    if _is_known(level) and level not in _LEVELS:
        yield Problem("", f"the log level is '{level[:20]}'; it is one of {', '.join(_LEVELS)}")
    elif level != "OFF" and (places is None or places == []):
        yield Problem(
            "", f"the log level is {_format_level(level)}, and 'Destinations' names no log group"
        )
    elif isinstance(places, list) and len(places) > 1:
        yield Problem("", f"'Destinations' accepts one log group, got {len(places)}")
    for arn in _list_log_groups(places):
        if ":log-group:" in arn and not arn.endswith(":*"):
            yield Problem("", f"the ARN of a log group ends in ':*': '{arn[:120]}'")


def _format_level(level: object) -> str:
    return level if isinstance(level, str) else "set"


def _list_log_groups(places: Json) -> Iterator[str]:
    """Yield the ARNs of log groups, as far as they are written: as a text, or in `Fn::Sub`."""
    for place in places if isinstance(places, list) else ():
        group = place.get("CloudWatchLogsLogGroup") if isinstance(place, Mapping) else None
        arn = group.get("LogGroupArn") if isinstance(group, Mapping) else None
        if isinstance(arn, Mapping):
            arn = arn.get("Fn::Sub")
        if isinstance(arn, str):
            yield arn


@risk("key-without-policy", WARNING)
def find_closed_keys(machine: Machine) -> Iterator[Problem]:
    """A template encrypts a state machine with a key that it does not name, or may not use.

    Problem: a key of your own needs its `KmsKeyId`; and the policy of a key in the same template
    has to let the role use it, or the account, which then lets IAM decide. Without it each
    execution fails with `KmsAccessDeniedException`.
    Solution: name the key; allow `kms:Decrypt` and `kms:GenerateDataKey` to the role, or `kms:*` to
    the account's root, in the key's policy.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    encryption = _read(machine, "EncryptionConfiguration")
    kind, key = encryption.get("Type"), encryption.get("KmsKeyId")
    if kind == _OWN_KEY and key is None:
        yield Problem("", f"{_OWN_KEY} needs a 'KmsKeyId'")
    elif kind == _AWS_KEY and key is not None:
        yield Problem("", f"{_AWS_KEY} does not accept 'KmsKeyId'; {_OWN_KEY} does")
    name = _target_of(key)
    body = _find_key(machine, name)
    policy = body.get("KeyPolicy") if body is not None else None
    if isinstance(policy, Mapping) and not _lets_in(
        policy, machine.role.name if machine.role else ""
    ):
        yield Problem("", f"the policy of the key '{name}' names neither the role nor the account")


def _find_key(machine: Machine, name: str) -> Mapping[str, Json] | None:
    resources = machine.template.get("Resources")
    body = resources.get(name) if isinstance(resources, Mapping) else None
    if not isinstance(body, Mapping) or body.get("Type") != "AWS::KMS::Key":
        return None
    properties = body.get("Properties")
    return properties if isinstance(properties, Mapping) else None


def _target_of(value: Json) -> str:
    """Give the logical ID that `Ref`, `Fn::GetAtt` or `Fn::Sub` refers to; '' if none."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return ""
    ((function, inner),) = value.items()
    if function == "Fn::GetAtt":
        return str(inner[0]) if isinstance(inner, list) and inner else str(inner).partition(".")[0]
    if function == "Ref":
        return str(inner)
    match = re.match(r"\$\{(\w+)(?:\.\w+)?\}\Z", str(inner))
    return match[1] if match and function == "Fn::Sub" else ""


def _lets_in(policy: Mapping[str, Json], role: str) -> bool:
    """Return whether a key's policy names the account, everybody, or the role."""
    statements = policy.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, Mapping) or statement.get("Effect") == "Deny":
            continue
        text = json.dumps(statement.get("Principal"), default=str)
        words = (":root", "AWS::AccountId", '"*"', "Fn::If", "states.amazonaws.com")
        if any(word in text for word in (*words, *([role] if role else []))):
            return True
    return not statements
