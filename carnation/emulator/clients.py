"""boto3's clients of the local emulator, and service descriptions for all clients of this process.

botocore reads its descriptions of services again for every session; that is most of what opening an
emulator would cost.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore import UNSIGNED, session
from botocore.config import Config
from botocore.hooks import EventAliaser
from botocore.loaders import JSONFileLoader, Loader, create_loader
from moto.core import loaders, utils
from moto.core.base_backend import AccountSpecificBackend

from carnation.emulator.patching import Patches

_ALGORITHM = "AWS4-HMAC-SHA256"
_IS_NAMED = "carnation_is_named"


class Clients:
    """boto3's clients, each made once: making one takes 5 to 50 ms."""

    def __init__(
        self, region: str, credentials: tuple[str, str], config: Config | None = None
    ) -> None:
        """Make the session."""
        self._session = boto3.session.Session(*credentials, region_name=region)
        self._session.events.register_first("choose-signer", _choose_signer)
        self._session.events.register("before-sign", self._name_signer)
        self._key = credentials[0]
        self._config = config
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(service, config=self._config)
            return self._clients[service]

    def _name_signer(self, request: Any, signing_name: str, region_name: str, **more: Any) -> None:
        """Say who calls, as a signature does: nobody in this process checks more of it."""
        if request.context.get(_IS_NAMED):
            scope = f"{self._key}/{time.strftime('%Y%m%d')}/{region_name}/{signing_name}"
            request.headers["Authorization"] = f"{_ALGORITHM} Credential={scope}/aws4_request"

    def lend_session(self, patches: Patches) -> None:
        """Let moto ask this session which Regions a service has, and make none for that."""
        patches.set(AccountSpecificBackend, "get_session", lambda: self._session)


def _choose_signer(signature_version: Any, context: dict[str, Any], **more: Any) -> Any:
    """Leave requests of this process unsigned; URLs and forms for others are signed."""
    if signature_version in ("v4", "s3v4") and context.get("auth_type") != "none":
        context[_IS_NAMED] = True
        return UNSIGNED
    return None


def share_descriptions(patches: Patches) -> None:
    """Let all sessions of this process read botocore's descriptions of services once.

    What moto or botocore changes when it has read it (S3, what has extras) each reads for itself. A
    service is known by its folder; botocore looks into each of 400, once for each kind of
    description. Which other names an event has is found once, and not by each client again.
    """
    patches.set(Loader, "list_available_services", _list_services)
    patches.set(session, "create_loader", _share_loader)
    patches.set(utils, "create_loader", _share_motos_loader)
    patches.set(utils, "service_name_from_moto_package_name", _name_service)
    patches.set(JSONFileLoader, "_load_file", lambda _, *source: _read_for_all(*source))
    patches.set(EventAliaser, "__copy__", _copy_aliaser)


def _copy_aliaser(aliaser: EventAliaser, copy_it: Any = EventAliaser.__copy__) -> EventAliaser:
    """Copy what knows the other names of events, with the names that it has found."""
    made: EventAliaser = copy_it(aliaser)
    made._alias_name_cache = aliaser._alias_name_cache
    return made


@cache
def _name_service(package: str) -> str:
    """Name the service of one of moto's packages; moto makes a session to list the services."""
    names = {name.replace("-", ""): name for name in _list_services(_share_motos_loader(), "")}
    return names.get(package, package)


def _list_services(loader: Loader, type_name: str) -> list[str]:
    return _list_folders(tuple(dict.fromkeys(loader.search_paths)))


@cache
def _list_folders(paths: tuple[str, ...]) -> list[str]:
    found = (os.scandir(path) for path in paths if os.path.isdir(path))
    return sorted({entry.name for entries in found for entry in entries if entry.is_dir()})


@cache
def _share_loader(search_path: str | None = None) -> Loader:
    return create_loader(search_path)


@cache
def _share_motos_loader() -> Any:
    return loaders.create_loader()


def _read_for_all(path: str, open_file: Callable[[str, str], Any]) -> Any:
    return (_read_once if _is_for_all(path) else _read)(path, open_file)


@cache
def _is_for_all(path: str) -> bool:
    """Say whether a file describes a service, and nobody changes what is in it."""
    folder, name = os.path.split(path)
    if not name.startswith("service-2.json"):
        return False
    ours = os.path.join(loaders.moto_root, *folder.split(os.sep)[-2:])
    beside = [one for place in (folder, ours) if os.path.isdir(place) for one in os.listdir(place)]
    return not any(one.startswith("service-2.") and "-extras." in one for one in beside)


def _read(path: str, open_file: Callable[[str, str], Any]) -> Any:
    """Read a file into dicts, which are ordered; botocore's OrderedDicts take thrice as long.

    None where there is none, as botocore tries several endings.
    """
    if not os.path.isfile(path):
        return None
    with open_file(path, "rb") as file:
        return json.loads(file.read())


_read_once = cache(_read)
