"""Digests: a content named by its SHA-256, and the key under which it lies in the bucket."""

from __future__ import annotations


def digest(content: str | bytes) -> str:
    """Name a content by its SHA-256, in hexadecimal; text is taken as UTF-8.

    >>> digest("")[:16]
    'e3b0c44298fc1c14'
    """
    from hashlib import sha256  # whoever only reads pays nothing for it

    data = content.encode("utf-8") if isinstance(content, str) else content
    return sha256(data).hexdigest()


def keyed_path(path: str, content_digest: str) -> str:
    """Put the first 16 digits of a digest into a path, before its suffix.

    Objects in the bucket carry their digest, because CloudFormation does not see a change of an
    object whose key stays the same.

    >>> keyed_path("cft/nested-stacks/sqs-stack.yaml", "e3b0c44298fc1c149afb")
    'cft/nested-stacks/sqs-stack.e3b0c44298fc1c14.yaml'
    >>> keyed_path("code/state-machine/carnation.asl.json", "e3b0c44298fc1c149afb")
    'code/state-machine/carnation.e3b0c44298fc1c14.asl.json'
    """
    folder, slash, name = path.rpartition("/")
    stem, dot, suffix = name.partition(".")
    return f"{folder}{slash}{stem}.{content_digest[:16]}{dot}{suffix}"
