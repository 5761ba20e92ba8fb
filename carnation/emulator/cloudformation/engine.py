"""The engine of stacks: where templates come from, what they define, and what is done with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from carnation.cloudformation.template import Template
from carnation.emulator.cloudformation.definer import Definer, Transform, walk_validations
from carnation.emulator.cloudformation.kind import Connect
from carnation.emulator.cloudformation.kinds import find_kind
from carnation.emulator.cloudformation.operation import Operation
from carnation.emulator.cloudformation.stacks import (
    STACK_TYPE,
    Definition,
    Stack,
    Store,
    make_stack_id,
)
from carnation.emulator.cloudformation.steps import OperationError
from carnation.emulator.cloudformation.validations import FAILED
from carnation.errors import TemplateError

ConnectIn = Callable[[str, str], Connect]  # an access key, a Region


class Engine:
    """The stacks of all accounts and Regions of one emulator.

    `endpoint` is the emulator's port, by which functions of custom resources answer.
    """

    endpoint = ""

    def __init__(self, connect_in: ConnectIn, transforms: Mapping[str, Transform]) -> None:
        """Take what makes clients, and the transforms that are known by their names."""
        self._connect_in = connect_in
        self.definer = Definer(self, transforms)
        self.stores: dict[tuple[str, str], Store] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self.lock = threading.RLock()

    def open_store(self, account: str, region: str, access_key: str) -> Store:
        """Return the store of an account in a Region; the key is what its stacks are made with."""
        place = (account, region)
        with self.lock:
            self._keys[place] = access_key
            return self.stores.setdefault(place, Store(account, region))

    def store_of(self, stack: Stack) -> Store:
        """Return the store that a stack is in."""
        return self.stores[stack.account, stack.region]

    def connect(self, place: Stack | Store) -> Connect:
        """Return the clients of an account and a Region."""
        return self._connect_in(self._keys[place.account, place.region], place.region)

    def name_property(self, kind: str) -> str:
        """Return the property that names a resource of a type."""
        row = find_kind(kind)
        return row.name if row is not None else ""

    def presign(self, connect: Connect, bucket: str, key: str) -> str:
        """Make a URL on the emulator's port to which an object may be PUT."""
        client = connect("s3")
        request = AWSRequest("PUT", url=f"{self.endpoint}/{bucket}/{key}")
        keys = client._request_signer._credentials
        S3SigV4QueryAuth(keys, "s3", client.meta.region_name, expires=7200).add_auth(request)
        return str(request.url)

    def has_changes(self, stack: Stack, definition: Definition) -> bool:
        """Decide whether a definition is another than a stack's, or one below it is."""
        had = stack.definition
        if stack.is_reverting or (had.template.body, had.values, had.tags) != (
            definition.template.body, definition.values, definition.tags,
        ):  # fmt: skip
            return True
        for name, resource in stack.resources.items():
            if resource.kind == STACK_TYPE and resource.physical_id:
                nested = self.store_of(stack).stacks[resource.physical_id]
                try:
                    given = resource.properties
                    below = self.definer.define_nested(nested, given, definition, name)
                except TemplateError:
                    return True
                if self.has_changes(nested, below):
                    return True
        return False

    # what is done with stacks

    def reserve(self, store: Store, name: str) -> Stack:
        """Make a stack that has nothing yet."""
        stack_id = make_stack_id(name, store.account, store.region)
        return Stack(stack_id, name, store.account, store.region, Definition("", Template({})))

    def create(self, stack: Stack, definition: Definition, on_failure: str = "ROLLBACK") -> None:
        """Create a stack's resources; a failure is rolled back as `on_failure` says."""
        stack.definition = definition
        stack.begin("CREATE_STACK", list(walk_validations(definition)))
        stack.set_status("CREATE_IN_PROGRESS", "User Initiated")
        operation = Operation(self, stack, definition)
        try:
            _reject_invalid(stack)
            operation.apply()
        except OperationError as error:
            if on_failure == "DO_NOTHING":
                stack.set_status("CREATE_FAILED", str(error))
            elif on_failure == "DELETE":
                operation.delete(created=True, reason=f"{error}Delete requested by user.")
            else:
                operation.roll_back_creation(f"{error}Rollback requested by user.")
            return
        stack.set_status("CREATE_COMPLETE")

    def update(self, stack: Stack, definition: Definition) -> None:
        """Update a stack; a failure is rolled back, unless the stack disables that."""
        stack.begin("UPDATE_STACK", list(walk_validations(definition)))
        stack.set_status("UPDATE_IN_PROGRESS", "User Initiated")
        operation = Operation(self, stack, definition)
        try:
            _reject_invalid(stack)
            operation.apply()
        except OperationError as error:
            if stack.disable_rollback:
                stack.failed = operation
                stack.set_status("UPDATE_FAILED", str(error))
            else:
                operation.roll_back(str(error))
            return
        operation.finish()

    def delete(self, stack: Stack, before: str, retain: tuple[str, ...] = ()) -> None:
        """Delete a stack; one whose exports are imported goes back to the status before."""
        stack.begin("DELETE_STACK")
        users = {
            row["ExportName"]: self.store_of(stack).list_importers(row["ExportName"])
            for row in stack.outputs
            if "ExportName" in row
        }
        used = next((item for item in users.items() if item[1]), None)
        if used is not None:
            stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
            by = ", ".join(used[1])
            stack.set_status(
                before, f"Delete canceled. Cannot delete export {used[0]} as it is in use by {by}."
            )
            return
        Operation(self, stack, stack.definition).delete(retain=retain, reason="User Initiated")


def _reject_invalid(stack: Stack) -> None:
    if any(row.fails for row in stack.operations[-1].validations):
        raise OperationError(FAILED)
