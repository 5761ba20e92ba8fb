"""Draw definitions: as SVG for a page, as Mermaid for the markdown of GitHub and GitLab.

Run as `carnation draw`. It reads documents only: what was just built, what somebody wrote by hand,
and what is in a template.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from carnation.cli.command import EXIT_OK, read_options, run_command
from carnation.cli.definition_files import find_definition_files
from carnation.console import clean
from carnation.diagram import draw_mermaid, draw_svg
from carnation.document import write_files
from carnation.errors import UsageError
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, Literal

    from carnation.cli.parser import CommandParser

_SUFFIXES = {"svg": ".svg", "mermaid": ".mmd"}


class _Picture(NamedTuple):
    name: str
    definition: Mapping[str, Any]


class _Options:
    """What the command line says, and unless it does."""

    targets: Sequence[str] = ()
    format: str | None = None
    direction: Literal["down", "right"] | None = None
    fold = False
    out: str | None = None


def _make_parser() -> CommandParser:
    from carnation.cli.parser import CommandParser  # most command lines name files alone

    parser = CommandParser(
        prog="carnation draw",
        description="Draw definitions: boxes for states, arrows for transitions, light and dark.",
        epilog="example: carnation draw statemachine.asl.json --out statemachine.svg",
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="FILE or WORKFLOW",
        help="Definitions, templates (or one machine: FILE#NAME), built workflows, - for standard "
        "input "
        "(default: all of build/)",
    )
    parser.add_argument(
        "--format",
        choices=list(_SUFFIXES),
        help="Output format (default: from the suffix of --out, otherwise svg)",
    )
    parser.add_argument(
        "--direction",
        choices=["down", "right"],
        help="Direction of the graph (default: down; as SVG, right if only that fits a page)",
    )
    parser.add_argument(
        "--fold",
        action="store_true",
        help="Draw three or more equal branches of a Parallel or a Choice as one",
    )
    parser.add_argument(
        "--out",
        metavar="FILE|DIR",
        help="File, or folder for several pictures (default: standard output)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, draw, print or write; return the exit status."""
    options = read_options(argv, _Options(), _make_parser)
    return run_command(lambda: _draw(options))


def _draw(options: _Options) -> int:
    out = options.out or ""
    form = options.format or ("mermaid" if out.endswith((".mmd", ".mermaid")) else "svg")
    pictures = [
        picture for path in find_definition_files(options.targets) for picture in _open(path)
    ]
    if not out:
        if len(pictures) > 1:
            names = ", ".join(picture.name for picture in pictures)
            raise UsageError(f"{len(pictures)} pictures: {names}. Set --out to a folder.")
        sys.stdout.buffer.write(_render(pictures[0], form, options))
        sys.stdout.flush()
        return EXIT_OK
    paths = _choose_paths(pictures, out, _SUFFIXES[form])
    write_files({path: _render(picture, form, options) for path, picture in paths.items()})
    for path in paths:
        print(clean(path))
    return EXIT_OK


def _open(target: str) -> Iterator[_Picture]:
    """Yield the definitions in a file; a template may hold several."""
    from carnation.sources import STDIN, read_target

    for found in read_target(target).sources:
        if isinstance(found.value, Mapping):
            yield _Picture("definition" if target == STDIN else found.name, found.value)


def _render(picture: _Picture, form: str, options: _Options) -> bytes:
    if form == "mermaid":
        text = draw_mermaid(picture.definition, direction=options.direction, fold=options.fold)
        return text.encode()
    title, direction = f"State machine {picture.name}", options.direction
    text = draw_svg(picture.definition, title=title, direction=direction, fold=options.fold)
    return text.encode()


def _choose_paths(pictures: Sequence[_Picture], out: str, suffix: str) -> dict[str, _Picture]:
    """Name the file of each picture: the one given, or one each in the folder given."""
    if len(pictures) == 1 and not out.endswith(("/", os.sep)) and not os.path.isdir(out):
        return {out: pictures[0]}
    paths: dict[str, _Picture] = {}
    for picture in pictures:
        path = os.path.join(out, picture.name + suffix)
        if path in paths:
            raise UsageError(f"two pictures would be {path}. Draw them one by one.")
        paths[path] = picture
    return paths
