"""The environment of a proof: a deployed workflow, its stores and executions, one step at a time.

One thread runs everything: executions are stepped, handlers are called in this process, so that a
scenario told twice goes the same way twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from carnation.artifacts import Artifacts, read_artifacts
from carnation.engine import Execution
from carnation.records import NamedTuple
from carnation.testing.proofs.executions import can_redrive, find_held
from carnation.workflow.reporters import ItemAttempt, Reporter, load_reporter

if TYPE_CHECKING:
    from carnation.emulator import Message

_T = TypeVar("_T")


class Attempt(NamedTuple):
    """A function that a state invoked: with what, and the error the state saw, if any.

    `times` is how often the function really ran: 0 if the call was throttled, 2 if Lambda invoked
    it twice. A state's own call that is to write an event is an attempt too, named like its
    integration (`dynamodb:updateItem`); and so is a handler's write of an event that failed.
    `state` is the state that invoked.
    """

    function: str
    payload: Any
    error: str | None
    times: int = 1
    state: str = ""


class Environment:
    """A workflow, deployed to a local emulator of its own, for as long as its `with` block lasts.

    An invariant reads the environment: `items`, `messages`, and `objects` by the names of
    the root stack's outputs; `executions`; `held`, what these still have in their hands; `writes`,
    how often each key of a store was written; `attempts`; and `is_settled`: nothing will happen
    any more, and nothing was left that could be redriven.
    """

    is_stubbed = False

    def __init__(
        self, workflow: str | Artifacts, root: str = ".", *, records: Reporter | None = None
    ) -> None:
        """Take a workflow by its name in `build/`, or as artifacts.

        `records` knows the items of its work; without it, the reporter that the workflow names.
        """
        self.artifacts = read_artifacts(root, workflow) if isinstance(workflow, str) else workflow
        self.records = records or load_reporter(root, self.artifacts.manifest)
        self.outputs: Mapping[str, str] = {}
        self._by_kind: dict[str, list[str]] = {}
        self._stack = ExitStack()
        self.forget()

    def __enter__(self) -> Environment:
        """Open the emulator and deploy."""
        from carnation.emulator import Emulator  # a definition alone needs neither it nor moto
        from carnation.emulator.embedded import default_stack_name, deploy_artifacts
        from carnation.emulator.stored import list_resources

        with ExitStack() as stack:
            self.emulator = stack.enter_context(Emulator(in_process=True))
            self.outputs = deploy_artifacts(self.emulator, self.artifacts)
            stack_id = default_stack_name(self.artifacts)
            self._by_kind = {}
            for one in list_resources(self.emulator, stack_id):
                self._by_kind.setdefault(one.kind, []).append(one.physical_id)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the emulator."""
        self._stack.close()

    def find_attempts(self, value: Any) -> Iterable[ItemAttempt]:
        """Find the items of the workflow's work in a payload or a call; none without records."""
        return self.records.attempts(value) if self.records else ()

    def find_keys(self, value: Any) -> Iterable[Any]:
        """Find the keys of such items in a value."""
        return self.records.find_keys(value) if self.records else ()

    def forget(self) -> None:
        """Forget what happened."""
        self.executions: list[Execution] = []
        self.inputs: list[Any] = []
        self.writes: Counter[tuple[str, str]] = Counter()
        self.attempts: list[Attempt] = []
        self.log: list[str] = []
        self._seen: dict[str, Any] = {}
        self._derived: dict[str, Any] = {}
        self._checked: dict[str, list[Any]] | None = None
        self.is_settled = False
        self.can_redrive = True
        self.queued: tuple[str, ...] = ()

    def queue(self, bodies: Iterable[str]) -> None:
        """Send what is in the queue before the first run."""
        self.queued = tuple(bodies)
        targets = getattr(self.records, "dead_letters", None) or {"": "queue"}
        target = next(iter(targets.values()))
        url = self.outputs.get(target) or next(iter(self._find_all("queue")), "")
        for body in self.queued:
            self.emulator.client("sqs").send_message(QueueUrl=url, MessageBody=body)

    def reset(self) -> None:
        """Empty the stores, and forget what happened."""
        self.forget()
        self.emulator.clear(self._find_all("bucket"))

    def _find_all(self, kind: str) -> list[str]:
        """Return the names (of queues the URLs) of all resources of a kind."""
        return self._by_kind.get(kind, [])

    def items(self, output: str = "") -> list[dict[str, Any]]:
        """Return the items of the table that an output names (default: the stack's first one)."""
        return self._look(output or "table", self.emulator.items, list)

    def messages(self, output: str) -> list[Message]:
        """Return the messages of the queue that an output names, visible or not."""
        return self._look(output, self.emulator.messages, list)

    def bodies(self, output: str) -> list[Any]:
        """Return the messages' bodies: parsed where they are JSON."""
        return [_parse(message.body) for message in self.messages(output)]

    @property
    def has_work(self) -> bool:
        """Whether a message waits in a queue that is not for dead letters."""
        targets = getattr(self.records, "dead_letters", None)
        queues = targets.values() if targets else self._find_all("queue")
        return any(self.messages(queue) for queue in queues if not self._is_for_dead_letters(queue))

    def _is_for_dead_letters(self, queue: str) -> bool:
        if queue not in self._find_all("queue"):  # the output that a reporter names
            return False
        sqs = self.emulator.client("sqs")
        return bool(sqs.list_dead_letter_source_queues(QueueUrl=queue)["queueUrls"])

    def objects(self, output: str = "") -> dict[str, bytes]:
        """Return the objects of the bucket that an output names (default: the first one)."""
        return self._look(output or "bucket", self.emulator.objects, dict)

    def find_item(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Find the item that an update is about: one that leaves it as it was writes nothing."""
        if action != "UpdateItem":
            return None
        key = {name: next(iter(value.values())) for name, value in parameters["Key"].items()}
        items = self.emulator.items(parameters["TableName"])
        return next(
            (item for item in items if all(str(item[name]) == key[name] for name in key)), None
        )

    def look_again(self) -> None:
        """Read the stores again: a call was made, and they may have changed."""
        self._seen.clear()
        self._derived.clear()

    def _look(self, output: str, read: Callable[[str], _T], empty: Callable[[], _T]) -> _T:
        """Read what an output (or a physical ID, or a kind) names, once between two calls."""
        if output not in self._seen:
            is_known = any(output in names for names in self._by_kind.values())
            chosen = [output] if is_known else self._find_all(output)
            name = self.outputs.get(output) or next(iter(chosen), None)
            self._seen[output] = read(name) if name else empty()
        found: _T = self._seen[output]
        return found

    def derive(self, name: str, find: Callable[[], _T], version: int = 0) -> _T:
        """Return what `find` makes of the stores, found once between two calls.

        `version` is another number whenever something else changed that it is made of.

        >>> one = Environment.__new__(Environment)
        >>> one.forget()
        >>> one.derive("answer", lambda: 42), one.derive("answer", lambda: 43)
        (42, 42)
        >>> one.derive("answer", lambda: 44, version=1)
        44
        """
        key = f"{name} {version}"
        if key not in self._derived:
            self._derived[key] = find()
        found: _T = self._derived[key]
        return found

    def expire_visibility(self) -> None:
        """Make every message visible: time has passed."""
        self.look_again()
        for url in self._find_all("queue"):
            self.emulator.expire_visibility(url)

    @property
    def held(self) -> list[Any]:
        """The values that executions hold which run, or can be redriven.

        An object that such a value names by its key is held with it, for as long as it is there.
        Within a check they are found once, however many invariants ask.
        """
        if self._checked is None:
            return self._find_held()
        if "held" not in self._checked:
            self._checked["held"] = self._find_held()
        return self._checked["held"]

    def _find_held(self) -> list[Any]:
        kept = [one for one in self.executions if self.can_redrive or one.status == "RUNNING"]
        held = [value for execution in kept for value in find_held(execution)]
        objects = {
            key: body
            for name in self._find_all("bucket")
            for key, body in self.objects(name).items()
        }
        named = (text for value in held for text in _find_texts(value)) if objects else ()
        return held + [objects[key] for key in dict.fromkeys(named) if key in objects]

    @contextmanager
    def check(self) -> Iterator[None]:
        """Ask the invariants: nothing changes meanwhile."""
        self._checked = {}
        try:
            yield
        finally:
            self._checked = None

    @property
    def redrivable(self) -> list[Execution]:
        """The executions that ended and can be redriven."""
        return [one for one in self.executions if self.can_redrive and can_redrive(one)]

    def note_write(self, action: str, parameters: Mapping[str, Any], answer: Any) -> None:
        """Count what a call that succeeded wrote, by store and key."""
        if action in ("PutObject", "CompleteMultipartUpload"):
            self.writes[parameters["Bucket"], parameters["Key"]] += 1
        elif action == "PutItem":
            self._note_item(parameters["TableName"], parameters["Item"])
        elif action == "UpdateItem":
            self._note_item(parameters["TableName"], parameters["Key"])
        elif action == "BatchWriteItem":
            undone = answer.get("UnprocessedItems", {})
            for table, requests in parameters["RequestItems"].items():
                for request in requests:
                    if "PutRequest" in request and request not in undone.get(table, ()):
                        self._note_item(table, request["PutRequest"]["Item"])
        elif action == "TransactWriteItems":
            for part in parameters["TransactItems"]:
                if "Put" in part:
                    self._note_item(part["Put"]["TableName"], part["Put"]["Item"])

    def _note_item(self, table: str, item: Mapping[str, Any]) -> None:
        values = (next(iter(item[name].values())) for name in self.emulator.key_fields(table))
        self.writes[table, "/".join(map(str, values))] += 1


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _find_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _find_texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _find_texts(part)
