"""The expressions inside a definition: paths, intrinsic functions, JSONata; parsed, then evaluated.

Parsing is apart from evaluating, so that whoever judges a definition reads the same grammar as
whoever runs it. Nothing here knows a state or a service.
"""

from carnation.expressions.intrinsics import Intrinsic, parse_intrinsic
from carnation.expressions.jsonata import Jsonata, parse_jsonata
from carnation.expressions.paths import NoMatchError, Path, parse_path, parse_reference_path
from carnation.expressions.scope import Scope

__all__ = [
    "Intrinsic",
    "Jsonata",
    "NoMatchError",
    "Path",
    "Scope",
    "parse_intrinsic",
    "parse_jsonata",
    "parse_path",
    "parse_reference_path",
]
