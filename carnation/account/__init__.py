"""A real AWS account (or whatever answers like one): the only door to boto3 next to the emulator.

Enters: credentials that boto3 finds, artifacts, the options of a deployment.
Leaves: stacks that were changed, records of what is deployed, `AccountError` with a remedy.
May not know: how to print or to ask, the emulator, the words of any one workflow.

`Account` makes every call; what AWS or boto3 says against it becomes one `AccountError`, a
paragraph with the remedy. `read_deployed` reads a deployed stack back as a tree of documents.
"""

from __future__ import annotations

from carnation.account.deployed import Deployed, find_deployed, read_deployed
from carnation.account.session import Account

__all__ = ["Account", "Deployed", "find_deployed", "read_deployed"]
