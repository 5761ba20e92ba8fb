"""What an expression may look at: the document, the Context object, variables, time and chance."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


@dataclass(slots=True)
class Scope:
    """Everything an expression is evaluated against.

    `document` is what `$` is; `context` what `$$` is; `variables` by name, without their `$`.
    `now` gives seconds since 1970 and `chance` random numbers, so that a run can be repeated.
    """

    document: Any = None
    context: Any = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    now: Callable[[], float] = time.time
    chance: random.Random = field(default_factory=random.Random)
