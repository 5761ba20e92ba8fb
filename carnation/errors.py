"""The errors of carnation: one tree, and the sentence that each of them owes its reader.

Every error says where it happened, what is wrong, and what to do about it. A command prints that
sentence and exits with status 2; a program catches `CarnationError`, or the child it can mend::

    CarnationError
    ├── UsageError        a command or a function was called with what it cannot take
    ├── DocumentError     a file that cannot be read, or is not what its name says
    ├── DefinitionError   a graph of states that is not a definition AWS would accept
    ├── WorkflowError     a module of definitions/ or a package of lambdas/ that is not usable
    ├── ArtifactError     a tree in build/ that does not fit what is to be done with it
    ├── ExpressionError   a path, intrinsic function or JSONata expression that is not one
    │   └── EvaluationError   an expression that has no value for this document
    ├── TemplateError     a CloudFormation template that cannot be read, or not be resolved
    ├── EmulatorError     something the local emulator was asked for and cannot do
    ├── AccountError      an AWS account refused, or is not as it has to be
    └── ProofError        a proof that cannot be made as it was asked for
        └── BrokenPromiseError  an invariant that does not hold; an AssertionError, too
"""

from __future__ import annotations

from collections.abc import Iterable


class CarnationError(Exception):
    """The root of the tree: catch it to catch everything carnation raises on purpose.

    >>> str(CarnationError("state 'Pay' has no Next"))
    "state 'Pay' has no Next"
    """


class UsageError(CarnationError):
    """A command or a function was called with something it cannot take."""


class DocumentError(CarnationError):
    """A file cannot be read, or does not hold what its name says.

    `reason` says what is wrong; `where` names the file, `line` and `column` count from 1, 0 where
    no place in it is to blame.

    >>> error = DocumentError("expected a value.", "a.json", 1, 7)
    >>> str(error), error.reason, error.line, error.column
    ('a.json:1:7: expected a value.', 'expected a value.', 1, 7)
    """

    def __init__(self, reason: str, where: str = "", line: int = 0, column: int = 0) -> None:
        place = f"{where}:{line}:{column}: " if line else f"{where}: " if where else ""
        super().__init__(place + reason)
        self.reason, self.where, self.line, self.column = reason, where, line, column


class DefinitionError(CarnationError):
    """A graph of states is not a definition that AWS would accept."""


class WorkflowError(CarnationError):
    """A module in `definitions/` or a package in `lambdas/` is not usable."""


class ArtifactError(CarnationError):
    """A tree in `build/` does not fit what is to be done with it."""


class ExpressionError(CarnationError):
    """A text is not the path, intrinsic function or JSONata expression it should be.

    `column` is where in the text, counted from 1; 0 where no place is to blame.

    >>> ExpressionError("the path '$.' ends after its dot.", 3).column
    3
    """

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


class EvaluationError(ExpressionError):
    """An expression has no value for the document it was asked about; says so in AWS's words."""


class TemplateError(CarnationError):
    """A CloudFormation template cannot be read, or holds what cannot be resolved."""


class EmulatorError(CarnationError):
    """The local emulator was asked for something that it cannot do."""


class ProofError(CarnationError):
    """A proof cannot be made: an invariant that raises, a fault that does not exist."""


class BrokenPromiseError(ProofError, AssertionError):
    """An invariant does not hold; the text says why, and lists what happened."""


class AccountError(CarnationError):
    """An AWS account refused what was asked, could not be reached, or is in no state for it.

    `reason` names the kind (`denied`, `expired`, `no-credentials` …); `code` and `message` are
    AWS's own, where it was AWS that answered.

    >>> AccountError("the login has expired. Log in.", reason="expired").reason
    'expired'
    """

    def __init__(self, text: str, *, reason: str = "", code: str = "", message: str = "") -> None:
        super().__init__(text)
        self.reason, self.code, self.message = reason, code, message


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Describe which known name was probably meant, as a sentence to append; empty if none is near.

    >>> suggest_name("Refnd", ["Refund", "Pay"])
    " Did you mean 'Refund'?"
    >>> suggest_name("Zebra", ["Refund", "Pay"])
    ''
    """
    from difflib import get_close_matches  # costs 4 ms, and only an error needs it

    near = get_close_matches(name, sorted(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
