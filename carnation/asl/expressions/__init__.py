"""The expressions inside a definition: paths, intrinsic functions, JSONata; parsed, then evaluated.

Parsing is apart from evaluating, so that the linter and the engine read the same
grammar. Nothing here knows a state or a service.
"""

from carnation.lazy import TYPE_CHECKING, load_lazily

if TYPE_CHECKING:
    from carnation.asl.expressions.filters import MISSING
    from carnation.asl.expressions.intrinsics import Intrinsic, parse_intrinsic
    from carnation.asl.expressions.jsonata import Jsonata, parse_jsonata
    from carnation.asl.expressions.paths import Path, parse_path, parse_reference_path
    from carnation.asl.expressions.scope import Scope
    from carnation.asl.expressions.steps import NoMatchError

__all__ = [
    "MISSING",
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

# a caller that parses paths pays for nothing else
__getattr__ = load_lazily(
    __name__,
    {
        "MISSING": "filters",
        "Intrinsic": "intrinsics",
        "Jsonata": "jsonata",
        "NoMatchError": "steps",
        "Path": "paths",
        "Scope": "scope",
        "parse_intrinsic": "intrinsics",
        "parse_jsonata": "jsonata",
        "parse_path": "paths",
        "parse_reference_path": "paths",
    },
)
