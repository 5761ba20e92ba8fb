"""Compare what carnation knows of AWS with what AWS has today.

Reads the models of the botocore that is installed (install the newest before), with `--cdk FILE`
the task classes of a wheel of aws-cdk-lib, and with `--aws` AWS's own lists of integrations, from
its documentation or from `--pages FOLDER`. Prints every name that carnation's tables lack, and what
was not compared. Exit status 0: nothing is newer; 1: something is; 2: a source cannot be read.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from carnation.services import INTEGRATIONS, list_actions, list_services  # noqa: E402
from carnation.services.call_names import describe_facts  # noqa: E402

GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg/"
SDK_PAGE, OPTIMIZED_PAGE = "supported-services-awssdk.md", "integrate-optimized.md"
_TASKS = "/aws-stepfunctions-tasks/lib/"
_CDK_CALL = re.compile(r'integrationResourceArn\)?\("([\w-]+)","(\w+)')
_SDK_NAME = re.compile(r"aws-sdk:([a-z0-9]+):")
_OPTIMIZED_NAME = re.compile(r"states:::([a-z][a-z0-9-]*):([a-z]\w+)")
_LINK = re.compile(r"\((connect-[a-z0-9-]+)\.(?:md|html)\)")
_KINDS = ("activity", "stateMachine", "execution", "express", "mapRun", "aws-sdk")


def find_newer_actions(services: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """Yield the services and actions of the SDK that the tables lack."""
    known = set(list_services())
    for service, actions in services:
        if service not in known:
            yield f"aws-sdk:{service}"
        else:
            there = set(list_actions(service))
            yield from (f"aws-sdk:{service}:{action}" for action in actions if action not in there)


def find_newer_integrations(names: Iterable[str]) -> Iterator[str]:
    """Yield the optimized integrations that the tables lack."""
    yield from (name for name in names if name not in INTEGRATIONS)


def read_botocore() -> Iterator[tuple[str, list[str]]]:
    """Yield each service of botocore, as the SDK calls it, with its actions."""
    import botocore.session
    from write_apis import render_service

    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    for name in session.get_available_services():
        model = loader.load_service_model(name, "service-2")
        service = render_service(model["metadata"].get("serviceId", name))
        yield service, sorted(one[0].lower() + one[1:] for one in model["operations"])


def read_cdk(path: Path) -> list[str]:
    """List the integrations that the task classes in a wheel of aws-cdk-lib call."""
    names = set()
    with zipfile.ZipFile(path) as wheel:
        inner = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(inner))) as package:
            for member in package:
                if _TASKS in member.name and member.name.endswith(".js"):
                    file = package.extractfile(member)
                    text = file.read().decode("utf-8") if file else ""
                    names |= {f"{service}:{action}" for service, action in _CDK_CALL.findall(text)}
    return sorted(names)


def read_page(name: str, folder: Path | None) -> str:
    """Read a page of the developer guide, from a folder or from AWS."""
    if folder is not None:
        return (folder / name).read_text(encoding="utf-8")
    with urllib.request.urlopen(GUIDE + name, timeout=30) as answer:  # noqa: S310  https only
        text: str = answer.read().decode("utf-8")
    return text


def read_guide(folder: Path | None) -> tuple[list[str], list[str]]:
    """List the services of the SDK, and the optimized integrations, that AWS's guide names."""
    services = sorted(set(_SDK_NAME.findall(read_page(SDK_PAGE, folder))))
    index = read_page(OPTIMIZED_PAGE, folder)
    names = set()
    links = sorted(set(_LINK.findall(index)))
    for page in [index, *(read_page(f"{link}.md", folder) for link in links)]:
        for service, action in _OPTIMIZED_NAME.findall(page):
            if service not in _KINDS:
                names.add(f"{service}:{action}")
    if not services or not names:
        raise ValueError(f"no integration is named in {SDK_PAGE} or {OPTIMIZED_PAGE}")
    return services, sorted(names)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare carnation's facts about AWS with AWS.")
    parser.add_argument("--cdk", type=Path, metavar="FILE", help="wheel of aws-cdk-lib")
    parser.add_argument("--aws", action="store_true", help="compare with AWS's documentation")
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="pages of it, saved as .md")
    return parser.parse_args(arguments)


def _compare(options: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """Yield each source with the names that the tables lack."""
    if options.cdk:
        yield "aws-cdk-lib", [*find_newer_integrations(read_cdk(options.cdk))]
    if options.aws or options.pages:
        services, names = read_guide(options.pages)
        newer = find_newer_actions((service, ()) for service in services)
        yield "developer guide", [*newer, *find_newer_integrations(names)]
    yield "botocore", [*find_newer_actions(read_botocore())]


def main(arguments: list[str] | None = None) -> int:
    """Compare, print, and say by the exit status whether something is newer."""
    options = _parse(arguments)
    print(describe_facts())
    newer, compared = 0, []
    try:
        for source, names in _compare(options):
            compared.append(source)
            newer += len(names)
            for name in names:
                print(f"{source}: {name} is not in carnation's tables")
    except (OSError, ValueError, LookupError, StopIteration, zipfile.BadZipFile) as error:
        print(f"check_facts: a source cannot be read: {error}. Name another one.", file=sys.stderr)
        return 2
    for source in ("aws-cdk-lib", "developer guide"):
        if source not in compared:
            print(f"not compared: {source}")
    print(f"{newer} newer name{'' if newer == 1 else 's'} in {', '.join(compared)}")
    return 1 if newer else 0


if __name__ == "__main__":
    sys.exit(main())
