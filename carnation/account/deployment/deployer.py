"""The deployer: the stages of a deployment in their order, and the two ways to end it.

The last stage is `show` or `execute`. `show` leaves the account as it was: what a change set
has to read is lent to it and removed again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from carnation.account import Account, Deployed
from carnation.account.deployment.artifact_bucket import default_bucket_name, ensure_bucket
from carnation.account.deployment.change_sets import (
    ChangeSet,
    discard_change_set,
    make_change_set,
    reject_overtaken,
)
from carnation.account.deployment.execution import (
    FAILED_CREATION,
    clear_failed_creation,
    execute,
    find_settled,
    protect,
    protect_data,
)
from carnation.account.deployment.in_flight import (
    drain,
    find_in_flight,
    find_missed,
    format_in_flight,
)
from carnation.account.deployment.obstacles import find_obstacles, reject_obstacles, write_names
from carnation.account.deployment.parameters import find_parameters
from carnation.account.deployment.plan import Plan, find_losses, make_plan, reject_losses
from carnation.account.deployment.stack_events import Event, Outcome
from carnation.account.deployment.temporary import lend_templates
from carnation.account.deployment.uploads import list_missing, upload_missing
from carnation.artifacts import Artifacts
from carnation.records import NamedTuple
from carnation.services.partitions import find_partition

Tell = Callable[[int, int], None]


class Console(Protocol):
    """Where a deployment says what it does."""

    def echo(self, line: str) -> None:
        """Print a line."""

    def echo_event(self, event: Event) -> None:
        """Print an event of a stack."""

    def progress(self, what: str) -> AbstractContextManager[Tell]:
        """Show how many of how many are done, while the block lasts."""

    def print_plan(
        self, plan: Plan, change_set: ChangeSet | None, losses: Mapping[str, str]
    ) -> None:
        """Show what would be done, before anybody is asked."""


class Silence:
    """A console that prints nothing."""

    def echo(self, line: str) -> None:
        """Print nothing."""

    def echo_event(self, event: Event) -> None:
        """Print nothing."""

    @contextlib.contextmanager
    def progress(self, what: str) -> Iterator[Tell]:
        """Show nothing."""
        yield lambda done, of: None

    def print_plan(
        self, plan: Plan, change_set: ChangeSet | None, losses: Mapping[str, str]
    ) -> None:
        """Show nothing."""


class Request(NamedTuple):
    """What is to be deployed where: the stack, its environment, and what is given for it.

    `role` is what CloudFormation does it with; `express` does not wait until resources are ready;
    `reverts_drift` puts what was changed by hand back; `imports` takes what is there already into
    a new stack; `waits` executes only when no execution is running.
    """

    stack: str
    environment: str = "dev"
    parameters: Mapping[str, str] = {}
    deployment_type: str | None = None
    bucket: str | None = None
    allowed: Sequence[str] = ()
    tags: Mapping[str, str] = {}
    role: str | None = None
    express: bool = False
    reverts_drift: bool = False
    imports: bool = False
    waits: bool = False


class Result(NamedTuple):
    """What became of a deployment.

    `status` is `unchanged` (all of it is deployed already), `shown` (No changes were made.), or
    `executed`, and then there is an outcome. `losses` are resources that would lose their data.
    """

    status: Literal["unchanged", "shown", "executed"]
    plan: Plan
    change_set: ChangeSet | None = None
    losses: Mapping[str, str] = {}
    outcome: Outcome | None = None


class Deployer:
    """Deploys built workflows to an account.

    >>> deployer = Deployer(Account(), last="show")  # doctest: +SKIP
    >>> deployer.deploy(artifacts, Request("orders-dev")).status  # doctest: +SKIP
    'shown'
    """

    def __init__(
        self,
        account: Account,
        console: Console | None = None,
        agree: Callable[[Plan], bool] = lambda plan: True,
        *,
        last: Literal["show", "execute"] = "execute",
    ) -> None:
        """Take the account, where to say what is done, who agrees to it, and the last stage."""
        self._account, self._console = account, console or Silence()
        self._agree, self._executes = agree, last == "execute"

    def deploy(self, artifacts: Artifacts, request: Request) -> Result:
        """Go through the stages; raises `AccountError` for what cannot be done."""
        deployed = self._find(request.stack)
        there = deployed if deployed and deployed.status != FAILED_CREATION else None
        bucket = _choose_bucket(self._account, request.bucket, there)
        given = _fill(request, artifacts, bucket)
        plan = make_plan(self._account, request.stack, artifacts, there, given, request.tags)
        if plan.is_nothing and there and not request.reverts_drift:
            return self._end_unchanged(plan)
        if deployed and not there:  # CloudFormation makes no change set for what failed
            self._console.print_plan(plan, None, {})
            return Result("shown", plan)
        if plan.is_new:
            plan = self._plan_imports(plan, request)
        with self._provide(bucket, plan.artifacts, request.bucket) as lent:
            change_set = self._make_change_set(plan, lent, _list_options(plan, request))
            if change_set is None:
                return self._end_unchanged(plan)
            with self._discarding(change_set):
                reject_overtaken(self._account, there)
                losses = find_losses(plan, change_set)
                self._console.print_plan(plan, change_set, losses)
                self._report_in_flight(plan, change_set)
                if not self._goes_on(plan, losses, request.allowed):
                    discard_change_set(self._account, change_set)
                    return Result("shown", plan, change_set, losses)
                if request.waits and there:
                    drain(self._account, there.outputs, self._console.echo)
        # from here on it is CloudFormation's, whatever happens here
        return Result("executed", plan, change_set, losses, self._execute(plan, change_set))

    def _find(self, stack: str) -> Deployed | None:
        console = self._console
        deployed = find_settled(self._account, stack, console.echo, console.echo_event)
        if deployed is None or deployed.status != FAILED_CREATION:
            return deployed
        if self._executes:
            return clear_failed_creation(self._account, deployed, console.echo)
        console.echo(
            f"stack '{stack}' was never created ({FAILED_CREATION}): a deployment deletes its name "
            "first, and CloudFormation makes no change set before that"
        )
        return deployed

    @contextlib.contextmanager
    def _provide(self, bucket: str, artifacts: Artifacts, given: str | None) -> Iterator[str]:
        """Upload what the stack needs; a plan only lends the templates."""
        if not self._executes:
            with lend_templates(self._account, bucket, artifacts, self._console.echo) as lent:
                yield lent
            return
        own = bucket == default_bucket_name(self._account)
        ensure_bucket(self._account, None if own and not given else bucket)
        missing = list_missing(self._account, bucket, artifacts)
        with self._console.progress("uploading") as tell:
            upload_missing(self._account, bucket, missing, tell)
        size = sum(map(len, missing.values()))
        self._console.echo(f"{len(missing)} objects ({size:,} bytes) uploaded to {bucket}")
        yield bucket

    def _plan_imports(self, plan: Plan, request: Request) -> Plan:
        """Look for what is in the way, and plan to import it where that is asked for."""
        console = self._console
        found = find_obstacles(self._account, plan.artifacts, plan.values, plan.stack, console.echo)
        reject_obstacles(found, imports=request.imports)
        for row in found:
            console.echo(f"imported as it is: {row.path} ({row.kind}) '{row.name}'")
        return plan._replace(artifacts=write_names(plan.artifacts, found)) if found else plan

    def _report_in_flight(self, plan: Plan, change_set: ChangeSet) -> None:
        outputs = plan.deployed.outputs if plan.deployed else {}
        found = find_in_flight(self._account, outputs)
        for line in format_in_flight(found, list(find_missed(plan, change_set))):
            self._console.echo(line)

    def _make_change_set(
        self, plan: Plan, bucket: str, options: Mapping[str, Any]
    ) -> ChangeSet | None:
        account, key = self._account, plan.artifacts.find_key("-root-stack.yaml")
        suffix = find_partition(account.region).dns_suffix
        values = dict(plan.values)
        if plan.is_new and "ArtifactBucket" in values:
            values["ArtifactBucket"] = bucket  # from which the nested templates are read
        return make_change_set(
            account, plan.stack, f"https://{bucket}.s3.{account.region}.{suffix}/{key}",
            values, plan.reused, is_new=plan.is_new, options=options,
        )  # fmt: skip

    @contextlib.contextmanager
    def _discarding(self, change_set: ChangeSet) -> Iterator[None]:
        try:
            yield
        except BaseException:
            discard_change_set(self._account, change_set)
            raise

    def _goes_on(self, plan: Plan, losses: Mapping[str, str], allowed: Sequence[str]) -> bool:
        """Return whether to execute; raises `AccountError` for a loss that nobody allowed."""
        if not self._executes:
            return False
        reject_losses(losses, allowed)
        return self._agree(plan)

    def _execute(self, plan: Plan, change_set: ChangeSet) -> Outcome:
        outcome = execute(
            self._account, change_set, self._console.echo_event, unprotected=plan.protects_data
        )
        if outcome.succeeded and plan.protects_data:
            self._console.echo("switching the deletion protection of its tables on")
            protect_data(self._account, change_set.stack_id, self._console.echo_event)
        return outcome

    def _end_unchanged(self, plan: Plan) -> Result:
        artifacts, deployed = plan.artifacts, plan.deployed
        self._console.echo(
            f"No changes. {artifacts.workflow} {artifacts.version} is already deployed."
        )
        if deployed and not deployed.protected and self._executes:
            protect(self._account, deployed, on=True)
            self._console.echo("Termination protection was off; it has been turned on.")
        elif deployed and not deployed.protected:
            self._console.echo("termination protection is off; a deployment switches it on")
        return Result("unchanged", plan)


def _list_options(plan: Plan, request: Request) -> dict[str, Any]:
    """List what a change set is made with beyond the template and its parameters."""
    options: dict[str, Any] = {}
    if plan.tags:
        options["Tags"] = [{"Key": key, "Value": value} for key, value in plan.tags.items()]
    if request.role:
        options["RoleARN"] = request.role
    if request.express:
        options["DeploymentConfig"] = {"Mode": "EXPRESS"}
    if request.reverts_drift and not plan.is_new:
        options["DeploymentMode"] = "REVERT_DRIFT"
    if request.imports and plan.is_new:
        options["ImportExistingResources"] = True
    return options


def _choose_bucket(account: Account, given: str | None, deployed: Deployed | None) -> str:
    """Stay with the bucket of the last deployment unless another one is given."""
    there = deployed.parameters.get("ArtifactBucket") if deployed and deployed.exists else None
    return given or there or default_bucket_name(account)


def _fill(request: Request, artifacts: Artifacts, bucket: str) -> dict[str, str]:
    """Add what deploying itself knows, where the root template asks for it."""
    known = {"Environment": request.environment, "ArtifactBucket": bucket}
    slots = find_parameters(artifacts)
    asked = {}
    if request.deployment_type:
        asked["DeploymentType"] = request.deployment_type.upper().replace("-", "_")
    found = {name: value for name, value in known.items() if name in slots}
    return {**found, **asked, **request.parameters}
