"""CloudFormation of the emulator: stacks, their resources, and the API in front of them.

`Service` answers requests of CloudFormation's API, of clients in this process and of others.
"""

from __future__ import annotations

from carnation.emulator.cloudformation.service import Service

__all__ = ["Service"]
