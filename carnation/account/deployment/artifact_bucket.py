"""The bucket for artifacts: made once, and whole, or the one that is given."""

from __future__ import annotations

import json

from carnation.account import Account
from carnation.errors import AccountError
from carnation.services.partitions import find_partition


def default_bucket_name(account: Account) -> str:
    """Name the bucket that is made where none is given: one for each account and region."""
    return f"carnation-artifacts-{account.number}-{account.region}"


def has_bucket(account: Account, name: str) -> bool:
    """Return whether the bucket exists; raises `AccountError` for one it cannot use."""
    owner = {"Bucket": name, "ExpectedBucketOwner": account.number}
    try:
        place = account.call("s3", "head_bucket", **owner).get("BucketRegion")
    except AccountError as error:
        if error.code in ("301", "PermanentRedirect"):
            raise _reject_place(name, "is in another region", account.region) from error
        if error.code in ("403", "AccessDenied"):
            raise _foreign_bucket_error(name) from error
        if error.code not in ("404", "NoSuchBucket"):
            raise
        return False
    if place and place != account.region:
        raise _reject_place(name, f"is in {place}", account.region)
    return True


def ensure_bucket(account: Account, given: str | None) -> str:
    """Make sure of the bucket and that it is this account's; returns its name.

    The policy is the last thing put on a bucket that is made here, so that a half-made one is
    known by its absence and finished. A bucket that is given is left as it is.
    """
    name = given or default_bucket_name(account)
    if not has_bucket(account, name):
        if given:
            raise AccountError(
                f"bucket '{name}' not found in {account.region}. Create it, or leave --bucket out "
                f"and '{default_bucket_name(account)}' is made.",
                reason="no-bucket",
            )
        create_bucket(account, name)
    if not given and not _has_policy(account, name):
        _furnish(account, name)
    return name


def _foreign_bucket_error(name: str) -> AccountError:
    return AccountError(
        f"access to bucket '{name}' denied: it belongs to another account, or s3:ListBucket "
        "is not allowed. Choose a bucket of this account with --bucket.",
        reason="foreign-bucket",
    )


def _reject_place(name: str, where: str, region: str) -> AccountError:
    return AccountError(
        f"the bucket '{name}' {where}, and a stack in {region} takes its functions' code from "
        f"{region} alone. Give a bucket of that region with --bucket, or check --region.",
        reason="bucket-region",
    )


def create_bucket(account: Account, name: str) -> None:
    """Create a bucket in the account's Region; another deployment may have been faster."""
    place = {"LocationConstraint": account.region}
    more = {} if account.region == "us-east-1" else {"CreateBucketConfiguration": place}
    try:
        account.call("s3", "create_bucket", Bucket=name, **more)
    except AccountError as error:
        if error.code == "BucketAlreadyExists":
            raise _foreign_bucket_error(name) from error
        if error.code != "BucketAlreadyOwnedByYou":  # another deployment was faster
            raise


def _has_policy(account: Account, name: str) -> bool:
    try:
        account.call("s3", "get_bucket_policy", Bucket=name, ExpectedBucketOwner=account.number)
    except AccountError as error:
        if error.code == "NoSuchBucketPolicy":
            return False
        raise
    return True


def _furnish(account: Account, name: str) -> None:
    owner = {"Bucket": name, "ExpectedBucketOwner": account.number}
    private = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    account.call(
        "s3", "put_public_access_block",
        PublicAccessBlockConfiguration=dict.fromkeys(private, True), **owner,
    )  # fmt: skip
    account.call(
        "s3", "put_bucket_ownership_controls",
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, **owner,
    )  # fmt: skip
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    account.call(
        "s3", "put_bucket_encryption",
        ServerSideEncryptionConfiguration={"Rules": [rule]}, **owner,
    )  # fmt: skip
    account.call(
        "s3", "put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"}, **owner
    )
    account.call("s3", "put_bucket_policy", Policy=_render_policy(account, name), **owner)


def _render_policy(account: Account, name: str) -> str:
    arn = f"arn:{find_partition(account.region).name}:s3:::{name}"
    refuse = {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [refuse]})
