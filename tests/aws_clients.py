"""Clients of AWS, each made once for all tests that ask for the same: one takes 5 to 50 ms.

A session takes 10 ms, in which it asks the same 130 functions for their parameters, and the same
130 events for their names: they are asked once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import botocore.handlers
import botocore.hooks
import botocore.session
import pytest
from botocore.credentials import Credentials


@contextmanager
def shared_clients() -> Iterator[None]:
    """Let sessions give a twin of a client that was made with the same options in the same place.

    A twin is another object, so that a method which a test replaces is replaced in its own alone.
    """
    make = botocore.session.Session.create_client
    made: dict[Hashable, Any] = {}

    def give(session: Any, *words: Any, config: Any = None, **options: Any) -> Any:
        key = _describe(session, config), words, tuple(sorted(options.items()))
        if key not in made:
            made[key] = make(session, *words, config=config, **options)
        twin = object.__new__(type(made[key]))
        twin.__dict__.update(made[key].__dict__)
        return twin

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session.Session, "create_client", give)
        share_names(patch)
        yield


def share_names(patch: pytest.MonkeyPatch) -> None:
    """Let sessions and clients know of each other's events and handlers."""
    accepts, begin = botocore.hooks.accepts_kwargs, botocore.hooks.EventAliaser.__init__
    known: dict[Callable[..., Any], bool] = {}
    names: dict[str, str] = {}

    def accept(handler: Callable[..., Any]) -> bool:
        if type(handler) is not FunctionType or "<locals>" in handler.__qualname__:
            return bool(accepts(handler))  # it may end before the tests do
        if handler not in known:
            known[handler] = bool(accepts(handler))
        return known[handler]

    def init(aliaser: Any, emitter: Any, aliases: Any = None) -> None:
        begin(aliaser, emitter, aliases)
        if aliaser._event_aliases == botocore.hooks.EVENT_ALIASES:
            aliaser._alias_name_cache = names

    patch.setattr(botocore.hooks, "accepts_kwargs", accept)
    patch.setattr(botocore.hooks.EventAliaser, "__init__", init)


def _describe(session: Any, config: Any) -> Hashable:
    """Give all that a session puts into a client."""
    kept = session._credentials
    secret = (kept.access_key, kept.secret_key, kept.token) if type(kept) is Credentials else kept
    given = repr(sorted(config._user_provided_options.items())) if config else ""
    # whoever mends clients for the emulator adds to the handlers
    return (session.profile, session.user_agent_name, session.get_config_variable("region"), secret,
            given, len(botocore.handlers.BUILTIN_HANDLERS), _read_environment())  # fmt: skip


def _read_environment() -> Hashable:
    """Give what the environment says of AWS; a file that is not there says nothing."""
    names = sorted(name for name in os.environ if name.startswith("AWS_"))
    return tuple(
        (name, os.environ[name])
        for name in names
        if not name.endswith("_FILE") or os.path.exists(os.environ[name])
    )
