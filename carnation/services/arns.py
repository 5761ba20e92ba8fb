"""ARNs taken apart: at the colons between their parts, never at those within a placeholder.

`arn:aws:…`, `arn:${Partition}:…` and `arn:${AWS::Partition}:…` are one ARN in three spellings.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from functools import lru_cache

from carnation.lazy import compile_lazily

_PLACEHOLDER = compile_lazily(r"\$\{[^{}]*\}")


@lru_cache(maxsize=4096)
def split_arn(text: str) -> tuple[str, ...]:
    """Return the six parts of an ARN; fewer for a text that is none.

    >>> split_arn("arn:${AWS::Partition}:states:::sqs:sendMessage")
    ('arn', '${AWS::Partition}', 'states', '', '', 'sqs:sendMessage')
    """
    if "${" not in text:
        return tuple(text.split(":", 5))
    hidden = _PLACEHOLDER.sub(lambda found: found[0].replace(":", "\0"), text)
    return tuple(part.replace("\0", ":") for part in hidden.split(":", 5))
