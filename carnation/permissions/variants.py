"""The things that one call is about, each with its parameters: the entries, tables and objects.

Most calls name one thing in their own parameters. Some hold it deeper, some hold several: entries
of `putEvents`, tables of a batch, the source of a copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from carnation.document.values import Json
from carnation.lazy import compile_lazily
from carnation.permissions.parameters import read_inner, read_parameter
from carnation.records import NamedTuple

Parameters = Mapping[str, Json]


class Variant(NamedTuple):
    """One thing that a call is about; `action` is the only IAM action that it is about, or ''."""

    given: Parameters
    action: str = ""


_TRANSACTION = {
    "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem", "Get": "GetItem",
}  # fmt: skip
_PARTIQL = compile_lazily(
    r"\s*(SELECT|INSERT|UPDATE|DELETE)\b.*?(?:(?<=UPDATE)|\bFROM\b|\bINTO\b)\s+"
    r"\"?([\w.-]+)\"?(?:\s*\.\s*\"?([\w.-]+)\"?)?", re.IGNORECASE | re.DOTALL,
)  # fmt: skip


def list_variants(call: str, given: Parameters) -> list[Variant]:
    """List what a call is about, by its name in the SDK (`dynamodb:batchGetItem`).

    >>> [one.given for one in list_variants("dynamodb:batchGetItem", {"RequestItems": {"a": {}}})]
    [{'TableName': 'a'}]
    """
    find = _FINDERS.get(call) or _FINDERS.get(call.partition(":")[0] + ":")
    return list(find(given)) if find else [Variant(given)]


def _list_entries(given: Parameters) -> Iterator[Variant]:
    """Yield the buses of entries, the default one where none is named.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-manage-iam-access.html
    """
    entries = given.get("Entries")
    for entry in entries if isinstance(entries, list) else [None]:
        if isinstance(entry, Mapping):
            yield Variant({"EventBusName": "default", **entry})
        else:
            yield Variant({"EventBusName.$": ""})


def _place_rule(given: Parameters) -> Iterator[Variant]:
    """Yield a rule with its bus, which for the default bus is no part of its ARN."""
    bus = read_parameter(given, "EventBusName")
    inner = {key: value for key, value in given.items() if not key.startswith("EventBusName")}
    name = read_parameter(given, "Name", "Rule")
    rule = {"RuleName": name.pattern} if name and name.text is not None else {"RuleName.$": ""}
    if bus is None or bus.pattern.rpartition("/")[2] == "default":
        yield Variant(inner | rule)
    elif bus.text is None:
        yield Variant(inner | rule | {"EventBusName.$": ""})
    else:
        yield Variant(inner | rule | {"EventBusName": bus.text.rpartition("/")[2]})


def _list_tables(given: Parameters) -> Iterator[Variant]:
    items = given.get("RequestItems")
    if not isinstance(items, Mapping):
        yield Variant({"TableName.$": ""})
        return
    for name in items:
        yield Variant({"TableName": name})


def _list_transaction(given: Parameters) -> Iterator[Variant]:
    """Yield the parts of a DynamoDB transaction, each with the action that it is."""
    items = given.get("TransactItems")
    known = False
    for item in items if isinstance(items, list) else ():
        for kind, inner in item.items() if isinstance(item, Mapping) else ():
            if kind in _TRANSACTION and isinstance(inner, Mapping):
                known = True
                yield Variant(inner, _TRANSACTION[kind])
    if not known:
        yield Variant({"TableName.$": ""})


def _list_statements(given: Parameters) -> Iterator[Variant]:
    """Yield what statements of PartiQL do, and to which table.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
    """
    inner = given.get("Statements", given.get("TransactStatements"))
    for item in inner if isinstance(inner, list) else [given]:
        statement = read_parameter(item if isinstance(item, Mapping) else {}, "Statement")
        match = _PARTIQL.match(statement.pattern) if statement else None
        if match is None:
            yield Variant({"TableName.$": ""})
            continue
        table = {"TableName": match[2]} | ({"IndexName": match[3]} if match[3] else {})
        yield Variant(table, f"PartiQL{match[1].capitalize()}")


def _copy(given: Parameters) -> Iterator[Variant]:
    """Yield the source of a copy, which is read, and where it is written.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    yield Variant(given, "PutObject")
    source = read_parameter(given, "CopySource")
    if source is None or not source.pattern.lstrip("/*"):
        yield Variant({"Bucket.$": "", "Key.$": ""}, "GetObject")
        return
    path, _, version = source.pattern.lstrip("/").partition("?versionId=")
    mark = "/object/" if ":accesspoint/" in path else "/"
    bucket, _, key = path.partition(mark)
    inner: dict[str, Json] = {"Bucket": bucket, "Key": key or "*"}
    yield Variant(inner | ({"VersionId": version} if version else {}), "GetObject")


def _list_objects(given: Parameters) -> Iterator[Variant]:
    bucket = {key: value for key, value in given.items() if key.startswith("Bucket")}
    objects = read_inner(given, "Delete").get("Objects")
    for one in objects if isinstance(objects, list) else [None]:
        yield Variant(bucket | (dict(one) if isinstance(one, Mapping) else {"Key.$": ""}))


def _list_projects(given: Parameters) -> Iterator[Variant]:
    """Name the project of builds, whose ids begin with it, and the group of reports."""
    if read_parameter(given, "ProjectName", "Names") is None:
        for name, part in (("Id", "ProjectName"), ("Ids", "ProjectName")):
            if name in given:
                given = {**given, part: given[name]}
    reports = given.get("ReportArns")
    if isinstance(reports, list) and all(isinstance(one, str) for one in reports):
        groups = [re.sub(r":report/([^:]+):.*", r":report-group/\1", one) for one in reports]
        given = {**given, "ReportGroupArns": groups}
    yield Variant(given)


def _lift(path: str, **names: str) -> Callable[[Parameters], Iterator[Variant]]:
    """Lift parameters out of an inner one: `Name` of `TableInput` becomes `TableName`."""

    def find(given: Parameters) -> Iterator[Variant]:
        inner = read_inner(given, path)
        lifted = {
            f"{name}{end}": inner[f"{deep}{end}"]
            for name, deep in names.items()
            for end in ("", ".$")
            if f"{deep}{end}" in inner
        }
        yield Variant({**given, **lifted})

    return find


def _fall_back(**defaults: str) -> Callable[[Parameters], Iterator[Variant]]:
    """Name what AWS takes where nothing is given."""

    def find(given: Parameters) -> Iterator[Variant]:
        left = {name: value for name, value in defaults.items() if f"{name}.$" not in given}
        yield Variant({**left, **given})

    return find


def _split_keys(given: Parameters) -> Iterator[Variant]:
    for action, name in (("ReEncryptFrom", "SourceKeyId"), ("ReEncryptTo", "DestinationKeyId")):
        key = read_parameter(given, name)
        known = {"KeyId": key.text} if key and key.text is not None else {"KeyId.$": ""}
        yield Variant(known, action)


def _resolve_key(given: Parameters) -> Iterator[Variant]:
    target = read_parameter(given, "TargetKeyId")
    yield Variant({**given, "KeyId": target.text} if target and target.text else given)


def _copy_snapshot(given: Parameters) -> Iterator[Variant]:
    for name in ("SourceDBSnapshotIdentifier", "TargetDBSnapshotIdentifier"):
        snapshot = read_parameter(given, name, name.replace("DB", "Db"))
        text = snapshot.text if snapshot else None
        yield Variant({"SnapshotName": text} if text else {"SnapshotName.$": ""})


def _make_role(given: Parameters) -> Iterator[Variant]:
    path, name = read_parameter(given, "Path"), read_parameter(given, "RoleName")
    if path is None or name is None:
        yield Variant(given)
        return
    whole = f"{path.pattern.strip('/')}/{name.pattern}".lstrip("/")
    yield Variant({**given, "RoleNameWithPath": whole})


def _open_workgroup(given: Parameters) -> Iterator[Variant]:
    """Name any workgroup: its ARN holds an id that AWS makes up, and the call its name."""
    group = read_parameter(given, "WorkgroupName")
    is_arn = group is not None and group.pattern.startswith("arn:")
    yield Variant({**given, "WorkgroupId.$": ""} if group and not is_arn else given)


_FINDERS: Mapping[str, Callable[[Parameters], Iterator[Variant]]] = {
    "athena:startQueryExecution": _fall_back(WorkGroup="primary"),
    "codebuild:": _list_projects,
    "dynamodb:batchExecuteStatement": _list_statements,
    "dynamodb:batchGetItem": _list_tables,
    "dynamodb:batchWriteItem": _list_tables,
    "dynamodb:executeStatement": _list_statements,
    "dynamodb:executeTransaction": _list_statements,
    "dynamodb:transactGetItems": _list_transaction,
    "dynamodb:transactWriteItems": _list_transaction,
    "eventbridge:deleteRule": _place_rule,
    "eventbridge:describeRule": _place_rule,
    "eventbridge:disableRule": _place_rule,
    "eventbridge:enableRule": _place_rule,
    "eventbridge:listTargetsByRule": _place_rule,
    "eventbridge:putEvents": _list_entries,
    "eventbridge:putRule": _place_rule,
    "eventbridge:putTargets": _place_rule,
    "eventbridge:removeTargets": _place_rule,
    "glue:createDatabase": _lift("DatabaseInput", DatabaseName="Name"),
    "glue:createTable": _lift("TableInput", TableName="Name"),
    "glue:updateTable": _lift("TableInput", TableName="Name"),
    "iam:createRole": _make_role,
    "kms:createAlias": _resolve_key,
    "kms:reEncrypt": _split_keys,
    "kms:updateAlias": _resolve_key,
    "mediaconvert:createJob": _fall_back(Queue="queues/Default"),
    "rds:copyDBSnapshot": _copy_snapshot,
    "redshiftdata:": _open_workgroup,
    "s3:copyObject": _copy,
    "s3:deleteObjects": _list_objects,
    "s3:uploadPartCopy": _copy,
    "scheduler:createSchedule": _fall_back(GroupName="default"),
    "scheduler:deleteSchedule": _fall_back(GroupName="default"),
    "scheduler:getSchedule": _fall_back(GroupName="default"),
    "scheduler:updateSchedule": _fall_back(GroupName="default"),
}
