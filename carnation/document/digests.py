"""Digests: a content named by its SHA-256, and the key under which it is in the bucket."""

from __future__ import annotations

from functools import lru_cache

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


@lru_cache(maxsize=1)  # an import that fails is tried again, on every path, each time
def _find_sha256() -> Any:
    """Find Python's own SHA-256: hashlib would load OpenSSL for it, 3 ms and 4 MiB of a build.

    The standard library's `random` does the same; where there is none, hashlib has one.
    """
    from importlib import import_module

    for name in ("_sha2", "_sha256"):  # Python 3.12 and later; before
        try:
            return import_module(name).sha256
        except ImportError:
            continue
    return import_module("hashlib").sha256


@lru_cache(maxsize=16)  # the manifest names again what the templates named
def digest(content: str | bytes) -> str:
    """Name a content by its SHA-256, in hexadecimal; text is taken as UTF-8.

    >>> digest("")[:16]
    'e3b0c44298fc1c14'
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    return str(_find_sha256()(data).hexdigest())


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
