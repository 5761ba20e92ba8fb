"""Bucket: an S3 bucket, its objects read, written and processed by distributed Maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from carnation.records import KW_ONLY, record
from carnation.resources.functions import is_within
from carnation.resources.grants import Grant, Grants
from carnation.resources.references import Reference, Value, make_arn
from carnation.resources.resource import Existing, Problem, Resource, pick_part

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from carnation.resources import calls
    from carnation.states import Task
    from carnation.states.integrations import CallPart


@record(frozen=True, repr=False)
class Bucket(Resource):
    """An S3 bucket: private, encrypted, versioned, its name ending in the account's number.

    Objects are deleted `expires_days` days after they were written; 0 keeps them.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """

    _: KW_ONLY
    expires_days: int = 0

    kind: ClassVar[str] = "Bucket"
    service: ClassVar[str] = "s3"
    fields: ClassVar[Mapping[str, str]] = {"name": "", "arn": "Arn"}
    max_id: ClassVar[int] = 15  # of a bucket's 63 characters, less project, environment, account

    @classmethod
    def existing(
        cls, id: str, *, name: object = None, arn: object = None, export: str = "", ssm: str = ""
    ) -> Bucket:
        """Name a bucket that another stack makes."""
        return cls(id, origin=Existing(name, arn, export, ssm))

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not is_within(self.expires_days, 0, 36_500):
            yield "expires_days", self.expires_days, "an integer of days from 0 to 36,500"

    @property
    def full_name(self) -> str:
        """The name as `Fn::Sub` takes it."""
        name = super().full_name
        return f"{name}-${{AWS::AccountId}}" if self.named and not self.is_existing else name

    def arn_of(self, name: str) -> str:
        """Make the ARN of a bucket out of its name."""
        return make_arn("s3", name, region=False, account=False)

    def name_from_arn(self, arn: Value) -> Value:
        """Take the name out of an ARN."""
        return pick_part(arn, ":", 5)

    @property
    def name(self) -> Reference:
        """The bucket's name."""
        return self.refer("name")

    @property
    def arn(self) -> Reference:
        """The bucket's ARN."""
        return self.refer("arn")

    @property
    def grants(self) -> BucketGrants:
        """What can be granted on the bucket."""
        return BucketGrants(self)

    def get_object(self, state_id: str, **given: Unpack[calls.GetObject]) -> Task:
        """Make the state that reads an object as text."""
        return self._call(state_id, "aws-sdk:s3:getObject", given)

    def put_object(self, state_id: str, **given: Unpack[calls.PutObject]) -> Task:
        """Make the state that writes an object."""
        return self._call(state_id, "aws-sdk:s3:putObject", given)

    def _call(self, state_id: str, action: str, given: Mapping[str, Any]) -> Task:
        from carnation.resources.steps import call_api

        return call_api(repr(self), state_id, action, {"Bucket": self.name}, given)

    def read_csv(self, *, Key: Any, headers: Sequence[str] = (), max_items: Any = None) -> CallPart:  # noqa: N803
        """Make the `item_reader` of a distributed Map over the rows of a CSV file.

        Without `headers`, the first row names the columns.
        """
        config: dict[str, Any] = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
        if headers:
            config.update(CSVHeaderLocation="GIVEN", CSVHeaders=list(headers))
        return self._read(Key, config, max_items)

    def read_json(self, *, Key: Any, items_pointer: str = "", max_items: Any = None) -> CallPart:  # noqa: N803
        """Make the `item_reader` of a distributed Map over the list in a JSON file.

        `items_pointer` is the JSON pointer to the list, where the file is not the list itself.
        """
        config: dict[str, Any] = {"InputType": "JSON"}
        if items_pointer:
            config["ItemsPointer"] = items_pointer
        return self._read(Key, config, max_items)

    def _read(self, key: Any, config: dict[str, Any], max_items: Any) -> CallPart:
        from carnation.states.integrations import CallPart, integration_arn

        if max_items is not None:
            config["MaxItems"] = max_items
        reader = {"Resource": integration_arn("s3:getObject"), "ReaderConfig": config}
        return CallPart(reader, {"Bucket": self.name, "Key": key})

    def write_results(self, *, Prefix: Any) -> CallPart:  # noqa: N803
        """Make the `result_writer` of a distributed Map."""
        from carnation.states.integrations import CallPart, integration_arn

        writer = {"Resource": integration_arn("s3:putObject")}
        return CallPart(writer, {"Bucket": self.name, "Prefix": Prefix})


class BucketGrants(Grants):
    """What can be granted on the objects of a bucket, all of them or those below a prefix."""

    def get(self, prefix: str = "") -> Grant:
        """Allow reading objects."""
        return self.allow("GetObject", on=f"/{prefix}*")

    def put(self, prefix: str = "") -> Grant:
        """Allow writing objects, in one part or many."""
        return self.allow("AbortMultipartUpload", "PutObject", on=f"/{prefix}*")

    def delete(self, prefix: str = "") -> Grant:
        """Allow deleting objects."""
        return self.allow("DeleteObject", on=f"/{prefix}*")

    def list(self, prefix: str = "") -> Grant:
        """Allow listing objects."""
        grant = self.allow("ListBucket")
        tests = (("StringLike", "s3:prefix", (f"{prefix}*",)),) if prefix else ()
        return Grant(grant.actions, grant.resources, condition=tests, given=self.resource)
