"""What a change set reads, lent to it: templates in a bucket, announced before, removed after.

`deploy --plan` changes nothing in an account, but CloudFormation reads nested templates from S3.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator

from carnation.account import Account
from carnation.account.deployment.artifact_bucket import (
    create_bucket,
    default_bucket_name,
    has_bucket,
)
from carnation.account.deployment.uploads import list_missing
from carnation.artifacts import Artifacts
from carnation.console import count
from carnation.errors import AccountError


@contextlib.contextmanager
def lend_templates(
    account: Account, bucket: str, artifacts: Artifacts, tell: Callable[[str], None]
) -> Iterator[str]:
    """Upload the templates that are not in the bucket, and remove them again; returns the bucket.

    Where the bucket that a deployment would create does not exist, one of another name is created
    and deleted: the name of the real one is not given up, not even for a moment.
    """
    exists = has_bucket(account, bucket)
    if not exists and bucket != default_bucket_name(account):
        raise AccountError(
            f"bucket '{bucket}' not found in {account.region}. Create it, or leave --bucket out.",
            reason="no-bucket",
        )
    lent = bucket if exists else f"carnation-plan-{account.number}-{uuid.uuid4().hex[:12]}"
    templates = {artifacts.manifest["artifacts"][path]["key"]
                 for path in artifacts.files if path.startswith("cft/")}  # fmt: skip
    listed = list_missing(account, lent, artifacts) if exists else artifacts.list_uploads()
    missing = {key: body for key, body in listed.items() if key in templates}
    if missing or not exists:
        also = "" if exists else ", and so is the bucket"
        tell(
            f"The change set reads its templates from S3: {count(len(missing), 'object')} "
            f"in {lent} will be removed again{also}."
        )
    with contextlib.ExitStack() as stack:
        if not exists:
            create_bucket(account, lent)
            stack.callback(_remove, account, tell, lent, "delete_bucket")
        for key, body in missing.items():
            answer = account.call(
                "s3", "put_object",
                Bucket=lent, Key=key, Body=body, ExpectedBucketOwner=account.number,
            )  # fmt: skip
            version = answer.get("VersionId")
            more = {"VersionId": version} if version else {}
            stack.callback(_remove, account, tell, lent, "delete_object", Key=key, **more)
        yield lent


def _remove(
    account: Account, tell: Callable[[str], None], bucket: str, action: str, **parameters: str
) -> None:
    """Remove what was lent; what cannot be removed is named, and does not keep the rest."""
    try:
        account.call("s3", action, Bucket=bucket, ExpectedBucketOwner=account.number, **parameters)
    except AccountError as error:
        what = f"{bucket}/{parameters['Key']}" if "Key" in parameters else bucket
        tell(f"{what} could not be removed ({error.code}). Remove it by hand.")
