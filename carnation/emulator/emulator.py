"""The emulator itself: opening it, what it can be asked for, closing it."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import secrets
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.events.models import events_backends

from carnation import engine
from carnation.emulator import contents, interpreter, moto_fixes
from carnation.emulator.client_hooks import watch_clients
from carnation.emulator.clients import Clients, share_descriptions
from carnation.emulator.cloudformation import Service
from carnation.emulator.cloudformation.serverless import TRANSFORMS
from carnation.emulator.cloudformation.service import MOUNT
from carnation.emulator.deployment import Deployment, deploy_stack
from carnation.emulator.events import Clock, Firing, Pipes, Rules, Schedules
from carnation.emulator.events.delivery import Delivery
from carnation.emulator.events.schedules import write_firings
from carnation.emulator.faults import AroundCall, BeforeCall, BeforeInvoke, Hooks, Interception
from carnation.emulator.function_code import CodeStore, FunctionCode
from carnation.emulator.functions import Functions, Worker
from carnation.emulator.in_process import InProcessWorker
from carnation.emulator.interpreter.status_events import make_status_event
from carnation.emulator.invocations import Invocations
from carnation.emulator.patching import ACCESS_KEY, SECRET_KEY, Patches, dummy_environment
from carnation.emulator.runtime import RuntimeServer
from carnation.emulator.runtimes import PythonFallback, find_obstacle, is_python
from carnation.emulator.server import Access, EndpointServer
from carnation.emulator.snapshots import Snapshot
from carnation.emulator.uploaded_code import patch_uploads
from carnation.emulator.worker_processes import ProcessWorker
from carnation.engine import Port
from carnation.errors import EmulatorError
from carnation.services.schedules import read_time

ACCOUNT = "123456789012"
_KEPT_LINES = 1000
_LOG = logging.getLogger("carnation")
_OPEN = threading.Lock()
_OWN = Config(
    ignore_configured_endpoint_urls=True,
    proxies={},  # no client of this process leaves it
    retries={"total_max_attempts": 1},
    account_id_endpoint_mode="disabled",  # moto knows no `123456789012.streams-ddb…`
    inject_host_prefix=False,  # moto knows no `sync-states…`
)


@dataclass(frozen=True)
class ExecutionResult:
    """An execution that has ended.

    `output` is the parsed JSON of a success; `error` and `cause` those of a failure. `history` has
    the events as GetExecutionHistory gives them. `seconds` is the time it took, `waited` the sum
    of what Wait states and retries waited (on paper only, unless the emulator runs in real time).
    """

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None
    history: list[dict[str, Any]]
    seconds: float
    waited: float


class Emulator:
    """An AWS account on this machine, for as long as its `with` block lasts.

    `in_process` calls handlers in this process instead of in workers; `real_time` makes Wait
    states, retries and long polls take the time they say. `seed` chooses the order of what AWS
    would do at once (None: that of the definition); `port` is the one by which other processes
    reach it (0: any that is free); with `hold_port` it answers nobody but the handlers before
    `open_port()`, so that nobody sees it half furnished. It answers to the names of this machine
    and to `host_names`; with `require_signature` only to requests that are signed with
    `secret_key`, which is made again; `request_log` is told of each request in a line. `clock` is
    the time at which it begins (None: now), for executions and schedules. A function whose Python
    is not on this machine runs on the Python that runs this, as all do with `in_process`, and
    `other_python` is told so once for each runtime (default: a warning of the log); None refuses
    it by name. One emulator at a time is open in a process, and while it is, this process has no
    other AWS environment.

    >>> with Emulator() as emulator:  # doctest: +SKIP
    ...     deployment = emulator.deploy("shop", artifacts, "shop/cft/shop-root-stack.yaml", {})
    ...     emulator.execute(deployment.outputs["StateMachineArn"], {"order": 7}).status
    'SUCCEEDED'
    """

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        in_process: bool = False,
        real_time: bool = False,
        seed: int | None = None,
        port: int = 0,
        hold_port: bool = False,
        host_names: Sequence[str] = (),
        require_signature: bool = False,
        request_log: Callable[[str], None] | None = None,
        clock: datetime | None = None,
        other_python: Callable[[str], None] | None = _LOG.warning,
    ) -> None:
        """Choose how it runs; nothing starts before the `with` block."""
        self.region, self.in_process, self.real_time = region, in_process, real_time
        self._seed, self._port, self._hold_port = seed, port, hold_port
        self.secret_key = secrets.token_urlsafe(30) if require_signature else SECRET_KEY
        secret = self.secret_key if require_signature else None
        self._access = Access(tuple(host_names), secret, request_log)
        self._hooks, self.clock = Hooks(), Clock(clock)
        self._fallback = None if in_process else PythonFallback(other_python)
        self._lines: dict[str, deque[str]] = {}
        self._stack = ExitStack()
        self._is_closing = False
        self._elsewhere: dict[tuple[str, str], Clients] = {}
        self._streams: set[tuple[str, str]] = set()
        # in process, a zip of this digest is run from this folder, where it was packed
        self.sources: dict[str, Path] = {}
        # a zip of this digest is run with the packages of this folder, which are for this machine
        self.wheels: dict[str, Path] = {}

    def __enter__(self) -> Emulator:
        """Start the services, or fail if another emulator is open."""
        if not _OPEN.acquire(blocking=False):
            raise EmulatorError(
                "another emulator is open in this process; close it, or use that one."
            )
        with ExitStack() as stack:
            stack.callback(_OPEN.release)
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def _open(self, stack: ExitStack) -> None:
        patches = Patches()
        stack.callback(patches.undo)
        environment = dummy_environment(self.region)
        patches.set_environment({**environment, "AWS_SECRET_ACCESS_KEY": self.secret_key})
        share_descriptions(patches)
        self._connect = Clients(self.region, (ACCESS_KEY, self.secret_key), _OWN)
        self._connect.lend_session(patches)
        stack.enter_context(
            mock_aws(
                config={
                    "core": {
                        "mock_credentials": False,
                        # the stacks are ours
                        "passthrough": {"services": ["cloudformation"]},
                    },
                    "lambda": {"use_docker": False},
                }
            )
        )
        self._server = EndpointServer(
            self.client, self._port, listen=not self._hold_port, access=self._access,
            advance=lambda text: write_firings(self.advance(text), self.clock.now()),
        )  # fmt: skip
        stack.callback(self._server.close)
        self.endpoint = self._handlers_endpoint = self._server.url
        if self._hold_port:
            handlers = EndpointServer(self.client, access=self._access)
            stack.callback(handlers.close)
            self._handlers_endpoint = handlers.url
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="carnation-")))
        self._functions = Functions(self._start_worker, self._hooks)
        self._runtime = RuntimeServer()
        stack.callback(self._runtime.close)
        stack.callback(self._functions.close)
        stack.callback(interpreter.stop_all)
        stack.callback(self.script_tasks, None)
        stack.callback(self.finish_jobs)
        stack.callback(setattr, MOUNT, "service", None)
        own = {ACCESS_KEY: ACCOUNT}
        MOUNT.service = Service(self._connect_in, self._hooks, TRANSFORMS, own)
        MOUNT.service.engine.endpoint = self._handlers_endpoint
        self._delivery = Delivery(lambda region: self._connect_in(ACCESS_KEY, region), self._hooks)
        self._rules, pipes = Rules(self._delivery), Pipes(self._delivery, self._list_regions)
        self._rules.install(patches)
        self._schedules = Schedules(self._rules, self.clock, ACCOUNT, self._list_regions)
        pipes.install(patches)
        stack.callback(pipes.close)
        moto_fixes.patch_calls(patches, self._hooks, real_time=self.real_time)
        patch_uploads(patches)
        store = CodeStore(folder)
        self._invocations = Invocations(
            self._functions, store, self.wheels, self._fallback, wait=not self.real_time
        )
        self._invocations.install(patches)
        invoke = self._invocations.make_short_way(self._hooks, ACCOUNT, self.region)
        watch_clients(patches, self._hooks, real_time=self.real_time)
        self._performer = interpreter.install(
            patches,
            region=self.region,
            invoke=invoke,
            hooks=self._hooks,
            settings=interpreter.ExecutionSettings(
                self.real_time,
                self._seed,
                self._let_time_pass,
                self._deliver_logs,
                self._announce,
                self.clock.now,
            ),
        )

    def _announce(self, run: Any) -> None:
        """Notify the default bus of an execution's status, where a rule of it listens."""
        parts = run.arn.split(":")
        bus = events_backends[parts[4]][parts[3]].event_buses["default"]
        for rule in list(bus.rules.values()):
            self._rules.offer(rule, make_status_event(run))

    def _list_regions(self) -> set[str]:
        return {self.region, *(region for _, region in self._elsewhere)}

    @property
    def undelivered(self) -> list[str]:
        """What rules and pipes could not deliver, and why, where no dead-letter queue took it."""
        return list(self._delivery.undelivered)

    def open_port(self) -> None:
        """Answer other processes from now on, where `hold_port` kept the port silent."""
        if self._hold_port:
            self._server.listen()

    def fire(self, schedule: str, group: str = "default") -> None:
        """Let a schedule, or a rule that has a schedule, fire now; time does not pass for it."""
        self._schedules.fire(schedule, group)

    def advance(self, time: timedelta | datetime | str) -> list[Firing]:
        """Let virtual time pass: schedules that are due in between fire, in order.

        `time` is how long, or until when (UTC where it says nothing else); text as `36h`, `7d`, or
        `2026-03-29T01:30Z`. Executions that a schedule starts are over, or wait for an answer,
        before the next one fires. Executions that start from now on start at the new time.
        """
        until = read_time(time) if isinstance(time, str) else time
        fired = []
        for firing in self._schedules.advance(until, self._let_time_pass):
            fired.append(firing)
            interpreter.settle()
        return fired

    def _connect_in(self, access_key: str, region: str) -> Clients:
        """Return the clients of the account that a key belongs to, in a Region."""
        if (access_key, region) == (ACCESS_KEY, self.region):
            return self._connect
        place = (access_key, region)
        if place not in self._elsewhere:
            self._elsewhere[place] = Clients(region, (access_key, self.secret_key), _OWN)
        return self._elsewhere[place]

    def __exit__(self, *_: object) -> None:
        """Stop what runs, end the workers, put everything back."""
        self.close()
        gc.unfreeze()

    def close(self) -> None:
        """Do what leaving the emulator does, but for having what it holds looked through again.

        For the end of a process, which needs no memory back.
        """
        self._is_closing = True
        self._stack.close()

    def _let_time_pass(self, seconds: float) -> None:
        contents.let_time_pass(ACCOUNT, self.region, seconds)

    def _deliver_logs(self, group_arn: str, stream: str, rows: list[dict[str, Any]]) -> None:
        """Put events into a log group; where there is none, they are lost, as on AWS."""
        if self._is_closing:  # an execution that still runs must not reach AWS itself
            return
        parts = group_arn.removesuffix(":*").split(":", 6)
        where = {"logGroupName": parts[6], "logStreamName": stream}
        with self._hooks.quiet():
            logs = self._connect("logs")
            with contextlib.suppress(ClientError):
                if (group_arn, stream) not in self._streams:
                    self._streams.add((group_arn, stream))
                    logs.create_log_stream(**where)
                logs.put_log_events(**where, logEvents=rows)

    @property
    def client_environment(self) -> dict[str, str]:
        """The environment in which any AWS client, of any process, finds this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            # or clients put `sync-` before the host of TestState and StartSyncExecution
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def _start_worker(self, code: FunctionCode) -> Worker:
        if self.in_process and is_python(code.runtime):
            return InProcessWorker(code, self._keep_line, self.sources.get(code.folder.name))
        variables = code.environment(self._handlers_endpoint, self.secret_key)
        return ProcessWorker(code, self._runtime, variables, self._keep_line)

    def find_obstacle(self, runtime: str) -> str:
        """Describe why functions of a runtime are refused when they are invoked; '' if they run."""
        return find_obstacle(runtime, self._fallback)

    def _keep_line(self, function: str, line: str) -> None:
        self._lines.setdefault(function, deque(maxlen=_KEPT_LINES)).append(line)

    @property
    def functions(self) -> list[str]:
        """The functions that have printed or logged anything, by name."""
        return sorted(self._lines)

    def lines(self, function_name: str) -> list[str]:
        """Return the last lines (up to 1,000) that a function printed or logged."""
        return list(self._lines.get(function_name, ()))

    def client(self, service: str) -> Any:
        """Return a boto3 client of this emulator: its credentials and its answers are dummies."""
        return self._connect(service)

    def deploy(
        self,
        stack_name: str,
        artifacts: Mapping[str, bytes],
        template_key: str,
        parameters: Mapping[str, str],
        bucket: str = "carnation-artifacts",
    ) -> Deployment:
        """Create a stack from artifacts (`{key in the bucket: content}`), with nested stacks.

        Raises `EmulatorError` with the first cause when a resource cannot be made, and for a
        resource type that would be left out.
        """
        with self._hooks.quiet():
            return deploy_stack(
                self.client, stack_name, artifacts, template_key, parameters, bucket, self.region
            )

    def execute(
        self,
        state_machine_arn: str,
        input: Mapping[str, Any] | str,
        *,
        name: str | None = None,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
        on_event: Callable[[engine.Event], None] | None = None,
        on_child: Callable[[engine.Child, engine.Event], None] | None = None,
        limit: float = 300,
    ) -> ExecutionResult:
        """Run a state machine (or its version, or alias) to the end.

        `on_progress` gets each history event when it is written, as the API gives it, and
        `on_event` as the engine has it; `on_child` those of the children that distributed Maps
        start, and how each child ends. Raises `EmulatorError` when
        nothing happened for `limit` seconds, and says what the execution waits for.
        """
        arn = self.start(
            state_machine_arn, input, name=name,
            on_progress=on_progress, on_event=on_event, on_child=on_child,
        )  # fmt: skip
        return self.wait(arn, limit=limit)

    def start(
        self,
        state_machine_arn: str,
        input: Mapping[str, Any] | str,
        *,
        name: str | None = None,
        on_progress: Callable[[dict[str, Any]], None] | None = None,
        on_event: Callable[[engine.Event], None] | None = None,
        on_child: Callable[[engine.Child, engine.Event], None] | None = None,
    ) -> str:
        """Start an execution; returns its ARN."""
        request: dict[str, Any] = {"stateMachineArn": state_machine_arn}
        request["input"] = input if isinstance(input, str) else json.dumps(input)
        if name is not None:
            request["name"] = name
        watchers = [] if on_event is None else [on_event]
        if on_progress is not None:
            watchers.append(lambda event: on_progress(engine.export_event(event)))
        with self._hooks.quiet(), interpreter.watching(watchers, on_child):
            try:
                answer = self.client("stepfunctions").start_execution(**request)
            except ClientError as error:
                raise EmulatorError(f"the execution could not be started: {error}") from error
        arn: str = answer["executionArn"]
        return arn

    def hold(
        self,
        state_machine_arn: str,
        input: Any,
        *,
        name: str,
        wrap: Callable[[Port], Port] = lambda port: port,
        seed: int | None = None,
    ) -> engine.Execution:
        """Begin an execution that goes on only when its caller calls `step()`.

        `wrap` may put something of the caller's around what performs its tasks.
        """
        port = wrap(self._performer)
        return interpreter.hold(state_machine_arn, name, input, port, seed, time.time())

    def wait(self, execution_arn: str, *, limit: float = 300) -> ExecutionResult:
        """Wait for the end of an execution."""
        run = interpreter.find(execution_arn)
        while not run.done.wait(0.5):
            silence = time.monotonic() - run.last_event
            if silence > limit:
                run.stop()
                raise EmulatorError(self._describe_silence(run, silence))
        self._hooks.raise_failure()
        return ExecutionResult(
            arn=execution_arn,
            status=run.status,
            output=run.output,
            error=run.error,
            cause=run.cause,
            history=run.events,
            seconds=run.seconds,
            waited=run.waited,
        )

    def _describe_silence(self, run: Any, silence: float) -> str:
        running = sorted(set(self._functions.running.values()))
        function = f" Running: {', '.join(running)}." if running else ""
        return (
            f"execution '{run.arn}' made no progress for {silence:.0f} seconds; it waits "
            f"in {run.describe_wait()}.{function} It was stopped; raise `limit` if it needs "
            f"more time."
        )

    def stop(
        self, execution_arn: str, *, error: str | None = None, cause: str | None = None
    ) -> None:
        """Abort an execution: no further state is entered, nothing is retried."""
        interpreter.stop(execution_arn, error, cause)

    def script_tasks(self, script: interpreter.TaskScript | None) -> None:
        """Have a script stand before every task: it answers, or has the task performed."""
        interpreter.TaskRunner.script = script

    def finish_jobs(
        self, ends: str | None = None, results: Mapping[str, Any] | None = None
    ) -> None:
        """Have jobs (`.sync` of Glue, Batch, ECS …) end five minutes after they were started.

        `ends` is 'succeed' or 'fail', and `results` what states give, by their names; those of
        other Tasks give it at once. Whatever is not told fails by name, as before.
        """
        interpreter.TaskRunner.jobs = interpreter.Jobs(ends, dict(results or {}))

    def load_handler(self, function_name: str, qualifier: str | None = None) -> ModuleType:
        """Return the module of a function's handler, as it runs in this process."""
        if not self.in_process:
            raise EmulatorError("handler modules are available only with in_process=True.")
        code = self._invocations.find_code(function_name, qualifier, ACCOUNT, self.region)
        return self._functions.load(code)

    def create_snapshot(self) -> Snapshot:
        """Remember what is in the tables, queues and buckets now."""
        return Snapshot(ACCOUNT, self.region)

    def restore(self, snapshot: Snapshot) -> bool:
        """Put everything back as it was; False, with nothing done, if more was changed than that.

        Executions and lines of functions are forgotten, and handlers are imported again.
        """
        interpreter.stop_all()
        if not snapshot.restore():
            return False
        self._lines.clear()
        self._functions.close()
        return True

    def time_out(self, execution_arn: str) -> None:
        """End an execution now, as its TimeoutSeconds would."""
        interpreter.time_out(execution_arn)

    def intercept(
        self,
        *,
        before_invoke: BeforeInvoke | None = None,
        before_call: BeforeCall | None = None,
        around_call: AroundCall | None = None,
    ) -> Interception:
        """Register hooks at the seams (see `carnation.emulator.faults`), until removed.

        >>> with emulator.intercept(before_call=throttle):  # doctest: +SKIP
        ...     emulator.execute(arn, {})
        """
        if around_call is not None and not self.in_process:
            raise EmulatorError(
                "around_call sees the calls of this process only. Open it with in_process=True."
            )
        return self._hooks.add(before_invoke, before_call, around_call)

    def messages(self, queue_url: str) -> list[contents.Message]:
        """Return all messages of a queue, visible or not, without receiving them."""
        return contents.read_messages(ACCOUNT, self.region, queue_url)

    def expire_visibility(self, queue_url: str) -> int:
        """Make all messages of a queue visible now; returns how many were not."""
        return contents.expire_visibility(ACCOUNT, self.region, queue_url)

    def clear(self, buckets: Collection[str] = ()) -> None:
        """Empty all queues and tables, and these buckets."""
        contents.clear_stores(ACCOUNT, self.region, buckets)

    def key_fields(self, table_name: str) -> tuple[str, ...]:
        """Return the names of the attributes that make a table's key."""
        return contents.find_key_fields(ACCOUNT, self.region, table_name)

    def let_time_pass(self, seconds: float) -> None:
        """Let the queues' visibility timeouts and delays run on by time passed on paper."""
        self._let_time_pass(seconds)

    def items(self, table_name: str) -> list[dict[str, Any]]:
        """Return all items of a table as plain values; numbers are `Decimal`."""
        return contents.read_items(ACCOUNT, self.region, table_name)

    def published(self, topic_arn: str) -> list[str]:
        """Return all messages that were published to a topic, the first one first."""
        return contents.read_published(ACCOUNT, self.region, topic_arn)

    def executions(self, state_machine_arn: str) -> list[str]:
        """List the executions of a state machine, Express ones too, the first one first."""
        return interpreter.list_executions(state_machine_arn)

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return all objects of a bucket by key."""
        return contents.read_objects(ACCOUNT, bucket)
