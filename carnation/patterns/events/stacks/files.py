"""The bucket of files: what is too large for a payload, for as long as a run can be redriven."""

from __future__ import annotations

from troposphere import Sub, Template

from carnation.stacks.snippets import PREFIX, Statement, allow, use_key

# an execution can be redriven for 14 days after its end, and is over within one
DAYS = 30


def render_files() -> str:
    """Spell the name of the bucket as `Fn::Sub` takes it."""
    return f"{PREFIX}-files-${{AWS::AccountId}}"


def add_files(template: Template) -> None:
    """Add the bucket of files: what a run wrote is deleted after a month, and an upload left open.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """
    from troposphere import s3  # large, and only some variants need it

    from carnation.stacks.buckets import add_bucket

    forget = s3.LifecycleRule(
        Id="ForgetRuns",
        Status="Enabled",
        ExpirationInDays=DAYS,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
    )
    rules = s3.LifecycleConfiguration(Rules=[forget])
    add_bucket(template, "FilesBucket", render_files(), LifecycleConfiguration=rules)


def list_file_permissions() -> list[Statement]:
    """List what the function that collects events may do with the files, and nothing else.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    """
    events = Sub(f"arn:${{AWS::Partition}}:s3:::{render_files()}/events/*")
    actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    return [
        allow("WriteFile", actions, events),
        use_key("s3", "kms:Decrypt", "kms:GenerateDataKey"),
    ]
