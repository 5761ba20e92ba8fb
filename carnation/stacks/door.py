"""The one door to troposphere, and a lean one.

troposphere's front imports cfn_flip (and with it PyYAML), which only its `to_yaml` uses and which
costs more than half of the import. It is put off until somebody uses it, by the standard library's
own recipe; where it is imported already, nothing changes.
"""

from __future__ import annotations

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec


def _put_off(name: str) -> None:
    """Let a module be imported when one of its names is first asked for."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return  # troposphere's own import says what is missing
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


_put_off("cfn_flip")

