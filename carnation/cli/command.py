"""What the commands share: exit status, errors in one line, options for an account."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from carnation.console import clean_lines, paint, wrap_lines
from carnation.errors import CarnationError
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    import signal
    from typing import NoReturn, Protocol, TypeVar

    class _Options(Protocol):
        targets: Sequence[str]

    _T = TypeVar("_T", bound=_Options)
else:
    import _signal as signal  # of `signal` the part that loads no enum

EXIT_OK, EXIT_FINDINGS, EXIT_ERROR = 0, 1, 2
"""Exit statuses: fine; findings or drift; wrong use or an error."""


def read_options(
    argv: Sequence[str] | None,
    options: _T,
    make_parser: Callable[[], argparse.ArgumentParser],
    flag: str = "",
) -> _T:
    """Read a command line into `options`, whose attributes are the defaults.

    Most name targets alone, or with the one `flag` ("--check"): for them the parser, a tenth of the
    start, is not loaded.
    """
    arguments = sys.argv[1:] if argv is None else argv
    given = [word for word in arguments if word.startswith("-") and word != "-"]
    if given not in ([], [flag]):
        return make_parser().parse_args(arguments, options)
    if given:
        setattr(options, flag.removeprefix("--"), True)
    options.targets = [word for word in arguments if word != flag]
    return options


def add_account_options(parser: argparse._ActionsContainer) -> None:
    """Add the options that say which account is meant, and which of a workflow's stacks in it."""
    parser.add_argument(
        "--environment", default="dev", metavar="NAME", help="Environment to use (default: dev)"
    )
    parser.add_argument("--profile", metavar="NAME", help="AWS profile to use")
    parser.add_argument(
        "--region",
        metavar="NAME",
        help="AWS Region (default: AWS_REGION, then the profile's Region)",
    )
    parser.add_argument("--endpoint-url", metavar="URL", help="URL of an AWS-compatible endpoint")


def rest_collector() -> None:
    """Have the garbage collector look less often: what a command loads and makes, it keeps.

    It would look through all that moto and botocore hold again and again: a third of a run's time.
    """
    gc.set_threshold(50_000, 20, 100)


def collect_what_is_made() -> None:
    """Have the collector pass over what is loaded by now, and look sooner at what is made.

    Each graph of states is a circle, and a build of many workflows drops one after the other.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)


def collect_while_serving() -> None:
    """Have the collector pass over what is loaded, and look often enough at what requests made.

    A process that serves for hours makes circles of all kinds; a command ends before they matter.
    """
    gc.freeze()
    gc.set_threshold(50_000, 5, 2)


def exit_fast(status: int) -> NoReturn:
    """End the process without taking its memory apart: after a run that takes 80 ms.

    What was registered for the end is done, and what was printed is written.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def run_command(command: Callable[[], int]) -> int:
    """Run a verb; turn an error of ours into one line on standard error and status 2.

    What a user's own module raises keeps its traceback, without our frames above it.
    """
    _replace_closed_streams()
    try:
        with _ended_politely():
            status = command()
        sys.stdout.flush()
        return status
    except CarnationError as error:
        head, *rest = wrap_lines(f"carnation: {clean_lines(str(error))}", sys.stderr).split(" ", 1)
        print(" ".join([paint(head, "red", sys.stderr), *rest]), file=sys.stderr)
    except KeyboardInterrupt:
        print("carnation: interrupted.", file=sys.stderr)
    except BrokenPipeError:
        # the reader of our output has ended; nothing is left to print
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except SyntaxError as error:
        _print_syntax(error)
    except (RecursionError, MemoryError) as error:
        limit = (
            "memory than is available"
            if isinstance(error, MemoryError)
            else "levels than can be read"
        )
        print(f"carnation: the input requires more {limit}. Reduce it.", file=sys.stderr)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EROFS):
            place, reason = error.filename or "output", os.strerror(error.errno).lower()
            print(f"carnation: cannot write {clean_lines(str(place))}: {reason}", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            _print_foreign(error)
    return EXIT_ERROR


def _replace_closed_streams() -> None:
    """Discard what is printed to a stream that the caller has closed."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for the process's life


@contextmanager
def _ended_politely() -> Iterator[None]:
    """Let SIGTERM interrupt a command as Ctrl-C does, so that it ends what it has started."""
    try:
        before = signal.signal(signal.SIGTERM, _interrupt)
    except ValueError:  # signals are the main thread's
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, _: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second one would disturb the cleaning up
    raise KeyboardInterrupt


def _print_syntax(error: SyntaxError) -> None:
    """Print where a user's file cannot be read; the way there is all Python's and ours."""
    import traceback

    print("".join(traceback.format_exception_only(error)), end="", file=sys.stderr)


def _print_foreign(error: Exception) -> None:
    """Print a foreign error from its first frame outside carnation on; a bug of ours whole."""
    import traceback

    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    frame = error.__traceback__
    while frame is not None and (
        frame.tb_frame.f_code.co_filename.startswith((ours, "<frozen importlib"))
    ):
        frame = frame.tb_next
    traceback.print_exception(type(error), error, frame or error.__traceback__)
