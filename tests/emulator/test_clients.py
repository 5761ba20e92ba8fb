"""Descriptions of services are read once, and nobody reads what another has changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.loaders import Loader

from carnation.emulator import Emulator
from carnation.emulator.clients import _share_loader, _share_motos_loader


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.mark.parametrize(("service", "is_one"), [("sns", True), ("s3", False), ("sqs", False)])
def test_moto_and_botocore_share_what_neither_of_them_changes(
    emulator: Emulator, service: str, is_one: bool
) -> None:
    ours = _share_loader().load_service_model(service, "service-2")
    motos = _share_motos_loader().load_service_model(service, "service-2")
    assert (ours["shapes"] is motos["shapes"]) is is_one
    assert (ours == motos) is is_one


@pytest.mark.parametrize("service", ["sns", "sqs"])
def test_clients_have_botocores_own_description(emulator: Emulator, service: str) -> None:
    emulator.client(service)
    plain = Loader().load_service_model(service, "service-2")
    assert _share_loader().load_service_model(service, "service-2") == plain


def test_a_client_knows_the_names_of_events_that_another_has_found(emulator: Emulator) -> None:
    first, second = emulator.client("sns").meta.events, emulator.client("kms").meta.events
    seen: list[str] = []
    second.register("seen.cloudwatch", lambda event_name, **_: seen.append(event_name))
    second.emit("seen.monitoring")
    first.emit("seen.monitoring")
    assert seen == ["seen.cloudwatch"]
    assert first._alias_name_cache is second._alias_name_cache
