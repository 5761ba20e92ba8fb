"""Uploads: what is not in the bucket yet, several at once. A key holds its content's digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

from carnation.account import Account
from carnation.account.deployed import manifest_key
from carnation.artifacts import MANIFEST, Artifacts

_CONCURRENCY = 8


def list_uploads(artifacts: Artifacts) -> dict[str, bytes]:
    """List what belongs in the bucket, the manifest of this tree included: key to content."""
    root = next(text for path, text in artifacts.files.items() if path.endswith("-root-stack.yaml"))
    key = manifest_key(artifacts.workflow, root)
    return {**artifacts.list_uploads(), key: artifacts.files[MANIFEST].encode()}


def list_missing(account: Account, bucket: str, artifacts: Artifacts) -> dict[str, bytes]:
    """List what is not in the bucket, or not whole, by one listing of it."""
    prefix = f"{artifacts.workflow}/"
    rows = account.list(
        "s3", "list_objects_v2", "Contents",
        Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=account.number,
    )  # fmt: skip
    there = {row["Key"]: row["Size"] for row in rows}
    uploads = list_uploads(artifacts)
    return {key: body for key, body in uploads.items() if there.get(key) != len(body)}


def upload_missing(
    account: Account,
    bucket: str,
    missing: Mapping[str, bytes],
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Upload; `tell` hears how many are done of how many. S3 checks each by its SHA-256."""

    def put(key: str) -> None:
        account.call(
            "s3", "put_object",
            Bucket=bucket, Key=key, Body=missing[key],
            ChecksumAlgorithm="SHA256", ExpectedBucketOwner=account.number,
        )  # fmt: skip

    with ThreadPoolExecutor(_CONCURRENCY) as pool:
        futures = [pool.submit(put, key) for key in missing]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                tell(done, len(missing))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
