"""Retention: properties by which a resource keeps its data, or lets go of it on its own.

Sources: the CloudFormation reference of each type, for what holds where the property is absent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from carnation.changes.records import MISSING, Edit, render_value
from carnation.document.values import Json

_KEPT_FOR: Mapping[tuple[str, str], float] = {
    ("AWS::SQS::Queue", "MessageRetentionPeriod"): 345_600,
    ("AWS::Logs::LogGroup", "RetentionInDays"): math.inf,
    ("AWS::Kinesis::Stream", "RetentionPeriodHours"): 24,
    ("AWS::Events::Archive", "RetentionDays"): math.inf,
    ("AWS::RDS::DBInstance", "BackupRetentionPeriod"): 1,
    ("AWS::RDS::DBCluster", "BackupRetentionPeriod"): 1,
}
_COPIES = frozenset({
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"),
    ("AWS::DynamoDB::GlobalTable", "PointInTimeRecoverySpecification"),
    ("AWS::S3::Bucket", "VersioningConfiguration"),
})  # fmt: skip
_EXPIRIES = frozenset({
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"),
    ("AWS::DynamoDB::GlobalTable", "TimeToLiveSpecification"),
    ("AWS::S3::Bucket", "LifecycleConfiguration"),
})  # fmt: skip
_OFF = (False, "false", "Suspended", MISSING)


def find_retention_kind(kind: str, way: Sequence[str], edit: Edit) -> str:
    """Return the kind of change of a property that lets data go; '' of any other.

    >>> edit = Edit("/a", "/a", 90, 30)
    >>> find_retention_kind("AWS::Logs::LogGroup", ["RetentionInDays"], edit)
    'retention-shortened'
    """
    place = (kind, way[0] if way else "")
    if place in _KEPT_FOR:
        shorter = _measure(edit.after, place) < _measure(edit.before, place)
        return "retention-shortened" if shorter else ""
    if place in _COPIES:
        is_off = edit.after in _OFF and edit.before not in _OFF
        return "backup-removed" if is_off else ""
    return "retention-shortened" if place in _EXPIRIES and _expires(way, edit) else ""


def _measure(value: Json, place: tuple[str, str]) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan if value is not MISSING else _KEPT_FOR[place]
    return math.inf if number == 0 and place[1] == "RetentionDays" else number


def _expires(way: Sequence[str], edit: Edit) -> bool:
    """Return whether items now expire that did not, or sooner."""
    if edit.after in _OFF or edit.after == "Disabled":
        return False
    if way[0] == "LifecycleConfiguration" and "xpir" not in f"{way}{render_value(edit.after)}":
        return bool(edit.after == "Enabled")
    if isinstance(edit.before, int) and isinstance(edit.after, int):
        return edit.after < edit.before
    return True
