"""The engine of stacks: where templates come from, what they define, and what is done with them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from carnation.cloudformation.intrinsics import Resolver, UnknownValueError
from carnation.cloudformation.language_extensions import expand_loops
from carnation.cloudformation.parameters import as_text, resolve_parameters
from carnation.cloudformation.template import LANGUAGE_EXTENSIONS, Template, parse_template
from carnation.cloudformation.validation import validate_template
from carnation.emulator.cloudformation.kind import Connect, Context
from carnation.emulator.cloudformation.kinds import find_kind
from carnation.emulator.cloudformation.known import StackResources, StoredValues, make_resolver
from carnation.emulator.cloudformation.operation import Operation, OperationError
from carnation.emulator.cloudformation.stacks import (
    STACK_TYPE,
    Definition,
    Resource,
    Stack,
    Store,
    make_stack_id,
)
from carnation.errors import TemplateError

ConnectIn = Callable[[str, str], Connect]  # an access key, a Region
Transform = Callable[[Template, Mapping[str, Any], str], Template]
_VIRTUAL_HOST = re.compile(
    r"(.+?)\.s3[.-]([a-z0-9-]+\.)?(amazonaws\.com(\.cn)?|amazonaws\.eu|localhost.*)$"
)


_parse = lru_cache(maxsize=64)(parse_template)


class Engine:
    """The stacks of all accounts and Regions of one emulator."""

    def __init__(self, connect_in: ConnectIn, transforms: Mapping[str, Transform]) -> None:
        """Take what makes clients, and the transforms that are known by their names."""
        self._connect_in, self._transforms = connect_in, transforms
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

    def make_context(self, operation: Operation, resource: Resource) -> Context:
        """Make the context in which a resource is made."""
        return Context(
            operation.connect, operation.stack, resource.logical_id, resource.kind,
            resource.generation, self,
        )  # fmt: skip

    def presign(self, connect: Connect, bucket: str, key: str) -> str:
        """Make a URL to which an object may be PUT."""
        return str(
            connect("s3").generate_presigned_url(
                "put_object", {"Bucket": bucket, "Key": key}, ExpiresIn=7200
            )
        )

    # definitions

    def read_url(self, connect: Connect, url: str) -> str:
        """Read a template out of an emulated bucket, by its URL."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
        virtual = _VIRTUAL_HOST.match(host)
        bucket, key = (virtual[1], path) if virtual else (*path.split("/", 1), "")[:2]
        if parts.scheme not in ("http", "https", "s3") or not bucket or not key:
            raise TemplateError(f"TemplateURL must be a supported URL; got '{url}'.")
        version = parse_qs(parts.query).get("versionId")
        more = {"VersionId": version[0]} if version else {}
        try:
            body = connect("s3").get_object(Bucket=bucket, Key=key, **more)["Body"].read()
        except ClientError as error:
            message = error.response["Error"]["Message"]
            raise TemplateError(f"S3 error: {message} TemplateURL: {url}") from error
        return str(body.decode("utf-8"))

    def define(
        self,
        stack: Stack,
        text: str,
        parameters: Mapping[str, str],
        *,
        tags: Mapping[str, str] | None = None,
        capabilities: list[str] | None = None,
    ) -> Definition:
        """Read a template and check it with its parameters, before anything is made of it."""
        connect = self.connect(stack)
        template = _parse(text)
        read = StoredValues(connect).read_parameter
        values = resolve_parameters(template.parameters, parameters, read)
        template = self._transform(stack, template, values)
        values = resolve_parameters(template.parameters, parameters, read)
        validate_template(template)
        given = {name: as_text(value) for name, value in parameters.items()}
        shown = {
            name: given.get(name, as_text(body.get("Default", "")))
            for name, body in template.parameters.items()
        }
        definition = Definition(
            text, template, shown, values, dict(tags or {}), list(capabilities or ())
        )
        self._check_types(stack, definition)
        return definition

    def _transform(self, stack: Stack, template: Template, values: Mapping[str, Any]) -> Template:
        for name in template.transforms:
            key = str(name.get("Name") if isinstance(name, Mapping) else name)
            if key == LANGUAGE_EXTENSIONS:
                known = StackResources(stack, self.store_of(stack), self.connect(stack))
                resolver = make_resolver(stack, template, values, known)
                template = expand_loops(template, resolver.resolve)
            elif key in self._transforms:
                template = self._transforms[key](template, values, stack.region)
            else:
                raise TemplateError(
                    f"No transform named {key} found. The emulator knows "
                    f"{', '.join([LANGUAGE_EXTENSIONS, *self._transforms])}."
                )
        return template

    def _check_types(self, stack: Stack, definition: Definition) -> None:
        """Reject types without a row, in this template and in those below it that can be read."""
        template = definition.template
        known = StackResources(stack, self.store_of(stack), self.connect(stack))
        resolver = make_resolver(stack, template, definition.values, known)
        included = {n: b for n, b in template.resources.items() if resolver.includes(b)}
        unknown = {
            name: body["Type"]
            for name, body in included.items()
            if body["Type"] != STACK_TYPE and find_kind(body["Type"]) is None
        }
        if unknown:
            name, kind = next(iter(unknown.items()))
            raise TemplateError(
                f"Template format error: Unrecognized resource types: "
                f"[{', '.join(dict.fromkeys(unknown.values()))}]: stack '{stack.name}': resource "
                f"'{name}' ({kind}) could not be made; the emulator has no row for its type."
            )
        for rule, body in template.section("Rules").items():
            self._check_rule(resolver, rule, body)
        for name, body in included.items():
            if body["Type"] == STACK_TYPE:
                self._check_below(stack, definition, resolver, name)

    def _check_below(self, stack: Stack, outer: Definition, resolver: Resolver, name: str) -> None:
        """Check a nested stack's template, as far as its properties are known before it is made."""
        properties = outer.template.resources[name].get("Properties") or {}
        nested = self.reserve(self.store_of(stack), f"{stack.name}-{name}")
        nested.parent = stack
        try:
            self.define_nested(nested, resolver.resolve(properties), outer)
        except UnknownValueError:
            self._check_text(resolver, properties.get("TemplateURL"), nested)

    def _check_text(self, resolver: Resolver, url: Any, nested: Stack) -> None:
        try:
            text = self.read_url(self.connect(nested), str(resolver.resolve(url)))
        except UnknownValueError:
            return
        template = _parse(text)
        if not template.transforms:
            validate_template(template)

    def _check_rule(self, resolver: Resolver, name: str, body: Mapping[str, Any]) -> None:
        if "RuleCondition" in body and not resolver.decide(body["RuleCondition"]):
            return
        for row in body.get("Assertions", ()):
            if not resolver.decide(row["Assert"]):
                said = row.get("AssertDescription", "an assertion is false")
                raise TemplateError(f"Template constraint violation: rule '{name}': {said}")

    def define_nested(
        self, nested: Stack, properties: Mapping[str, Any], outer: Definition
    ) -> Definition:
        """Define a nested stack by its properties."""
        url = properties.get("TemplateURL")
        if not url:
            raise TemplateError(
                "Properties validation failed: required key [TemplateURL] not found"
            )
        text = self.read_url(self.connect(nested), str(url))
        given = {
            name: ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
            for name, value in (properties.get("Parameters") or {}).items()
        }
        own = {row["Key"]: as_text(row["Value"]) for row in properties.get("Tags") or ()}
        return self.define(
            nested, text, given, tags={**outer.tags, **own}, capabilities=outer.capabilities
        )

    def has_changes(self, stack: Stack, definition: Definition) -> bool:
        """Decide whether a definition is another than a stack's, or one below it is."""
        had = stack.definition
        if (had.template.body, had.values, had.tags) != (
            definition.template.body, definition.values, definition.tags,
        ):  # fmt: skip
            return True
        for resource in stack.resources.values():
            if resource.kind == STACK_TYPE and resource.physical_id:
                nested = self.store_of(stack).stacks[resource.physical_id]
                try:
                    below = self.define_nested(nested, resource.properties, definition)
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
        stack.set_status("CREATE_IN_PROGRESS", "User Initiated")
        operation = Operation(self, stack, definition)
        try:
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
        stack.set_status("UPDATE_IN_PROGRESS", "User Initiated")
        operation = Operation(self, stack, definition)
        try:
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
