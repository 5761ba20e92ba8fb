from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from carnation.asl import walk_states
from carnation.diagram import draw_svg, make_id
from tests.conftest import ROOT


def read_reference() -> dict[str, Any]:
    path = ROOT / "build" / "carnation" / "code" / "state-machine" / "carnation.asl.json"
    definition: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


def test_every_state_of_the_reference_is_a_group_with_its_pointer_and_its_id() -> None:
    root = ElementTree.fromstring(draw_svg(read_reference()))
    groups = [group for group in root.iter() if "data-pointer" in group.attrib]
    drawn = {group.attrib["data-pointer"]: group.attrib["id"] for group in groups}
    places = [place.pointer for place in walk_states(read_reference())]
    assert sorted(drawn) == sorted(places)
    assert drawn == {pointer: make_id(pointer) for pointer in places}
