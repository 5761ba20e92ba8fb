"""The session of an account: what is missing is named."""

from __future__ import annotations

import sys

import pytest

from carnation.account import Account
from carnation.errors import CarnationError


def test_without_boto3_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("boto3", "botocore", "botocore.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CarnationError, match="'deploy'"):
        Account(region="eu-west-1")
