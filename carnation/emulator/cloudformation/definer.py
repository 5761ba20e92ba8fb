"""What a stack is to be: its template read, transformed, and checked with its parameters.

Nested stacks are defined ahead, as far as the values that are given to them are known, so that what
is wrong with any of them is said before anything is made.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from carnation.cloudformation.includes import INCLUDE, expand_includes
from carnation.cloudformation.intrinsics import Resolver, UnknownValueError
from carnation.cloudformation.language_extensions import expand_loops
from carnation.cloudformation.parameters import as_text, resolve_parameters
from carnation.cloudformation.template import LANGUAGE_EXTENSIONS, Template, parse_template
from carnation.cloudformation.validation import validate_template
from carnation.emulator.cloudformation.ahead import reject_wrong_values
from carnation.emulator.cloudformation.kind import Connect, Context
from carnation.emulator.cloudformation.known import StackResources, StoredValues, make_resolver
from carnation.emulator.cloudformation.stacks import STACK_TYPE, Definition, Stack, Validation
from carnation.emulator.cloudformation.steps import Stacks
from carnation.emulator.cloudformation.validations import (
    find_name_conflicts,
    find_property_problems,
    reject_unknown_types,
)
from carnation.errors import TemplateError

Transform = Callable[[Template, Mapping[str, Any], str], Template]
_VIRTUAL_HOST = re.compile(
    r"(.+?)\.s3[.-]([a-z0-9-]+\.)?(amazonaws\.com(\.cn)?|amazonaws\.eu|localhost.*)$"
)


_parse = lru_cache(maxsize=64)(parse_template)


@lru_cache(maxsize=64)
def _validate_text(text: str) -> None:
    """Validate a template that nothing transforms; each is defined several times."""
    validate_template(_parse(text))


class Definer:
    """Makes definitions of stacks."""

    def __init__(self, engine: Stacks, transforms: Mapping[str, Transform]) -> None:
        """Take the engine, and the transforms that are known by their names."""
        self._engine, self._transforms = engine, transforms

    def read_url(self, connect: Connect, url: str) -> str:
        """Read a template out of an emulated bucket, by its URL."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
        virtual = _VIRTUAL_HOST.match(host)
        bucket, key = (virtual[1], path) if virtual else (*path.split("/", 1), "")[:2]
        if parts.scheme == "s3":
            bucket, key = host, path
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
        validates: bool = True,
    ) -> Definition:
        """Read a template and check it with its parameters, before anything is made of it.

        Without `validates`, its properties and names, and what is below it, were checked before.
        """
        connect = self._engine.connect(stack)
        template = _parse(text)
        read = StoredValues(connect).read_parameter
        values = resolve_parameters(template.parameters, parameters, read)
        if template.transforms or "Fn::Transform" in text:
            template = self._transform(stack, template, values)
        values = resolve_parameters(template.parameters, parameters, read)
        if template is _parse(text):
            _validate_text(text)
        else:
            validate_template(template)
        given = {name: as_text(value) for name, value in parameters.items()}
        shown = {
            name: given.get(name, as_text(body.get("Default", "")))
            for name, body in template.parameters.items()
        }
        definition = Definition(
            text, template, shown, values, dict(tags or {}), list(capabilities or ())
        )
        self._check(stack, definition, validates=validates)
        return definition

    def _transform(self, stack: Stack, template: Template, values: Mapping[str, Any]) -> Template:
        resolver = self._make_resolver(stack, template, values)
        template = expand_includes(
            template, lambda url: self.read_url(self._engine.connect(stack), resolver.resolve(url))
        )
        for name in template.transforms:
            key = str(name.get("Name") if isinstance(name, Mapping) else name)
            if key == LANGUAGE_EXTENSIONS:
                template = expand_loops(template, resolver.resolve)
            elif key in self._transforms:
                template = self._transforms[key](template, values, stack.region)
            else:
                known = ", ".join([LANGUAGE_EXTENSIONS, INCLUDE, *self._transforms])
                raise TemplateError(f"No transform named {key} found. The emulator knows {known}.")
        return template

    def _check(self, stack: Stack, definition: Definition, *, validates: bool) -> None:
        """Check resources before anything is made, those of nested stacks as far as known."""
        template = definition.template
        resolver = self._make_resolver(stack, template, definition.values)
        included = {n: b for n, b in template.resources.items() if resolver.includes(b)}
        reject_unknown_types(stack.name, included)
        for rule, body in template.section("Rules").items():
            self._check_rule(resolver, rule, body)
        if not validates:
            return
        reject_wrong_values(resolver, included)
        definition.validations = list(self._validate(stack, resolver, included))
        for name, body in included.items():
            if body["Type"] == STACK_TYPE:
                nested = self._find_nested(stack, name)
                definition.nested[name] = self._define_ahead(nested, definition, resolver, name)

    def _validate(
        self, stack: Stack, resolver: Resolver, resources: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Validation]:
        yield from find_property_problems(resolver, resources)
        new = {name: body for name, body in resources.items() if name not in stack.resources}
        yield from find_name_conflicts(
            resolver, new, lambda name, kind: self.make_context(stack, name, kind)
        )

    def _make_resolver(
        self, stack: Stack, template: Template, values: Mapping[str, Any]
    ) -> Resolver:
        known = StackResources(stack, self._engine.store_of(stack), self._engine.connect(stack))
        return make_resolver(stack, template, values, known)

    def make_context(self, stack: Stack, logical_id: str, kind: str) -> Context:
        """Make the context of a resource that is looked at before it is made."""
        return Context(self._engine.connect(stack), stack, logical_id, kind, engine=self._engine)

    def _find_nested(self, stack: Stack, name: str) -> Stack:
        """Return the nested stack of a resource, or one that is not made yet."""
        store, resource = self._engine.store_of(stack), stack.resources.get(name)
        if resource is not None and resource.physical_id in store.stacks:
            return store.stacks[resource.physical_id]
        nested = self._engine.reserve(store, f"{stack.name}-{name}")
        nested.parent = stack
        return nested

    def _define_ahead(
        self, nested: Stack, outer: Definition, resolver: Resolver, name: str
    ) -> Definition:
        """Define a nested stack before the values that are given to it are all known."""
        properties = outer.template.resources[name].get("Properties") or {}
        try:
            given = resolver.resolve(properties)
            return self.define_nested(nested, given, outer, validates=True)
        except UnknownValueError:
            return self._define_partly(nested, outer, resolver, properties)

    def _define_partly(
        self, nested: Stack, outer: Definition, resolver: Resolver, properties: Mapping[str, Any]
    ) -> Definition:
        """Check what a nested stack's template says, whatever the unknown values will be."""
        try:
            url = resolver.resolve(properties["TemplateURL"])
        except (UnknownValueError, KeyError):
            return Definition("", Template({}))
        text = self.read_url(self._engine.connect(nested), str(url))
        template = _parse(text)
        definition = Definition(text, template, tags=outer.tags, capabilities=outer.capabilities)
        if template.transforms:
            return definition
        _validate_text(text)
        given = dict(_resolve_known(resolver, properties.get("Parameters") or {}))
        definition.values = {
            name: given.get(name, body.get("Default"))
            for name, body in template.parameters.items()
            if name in given or name not in (properties.get("Parameters") or {})
        }
        inner = self._make_resolver(nested, template, definition.values)
        included = dict(_choose_known(inner, template.resources))
        reject_unknown_types(nested.name, included)
        reject_wrong_values(inner, included)
        definition.validations = list(self._validate(nested, inner, included))
        for name, body in included.items():
            if body["Type"] == STACK_TYPE:
                below = self._find_nested(nested, name)
                definition.nested[name] = self._define_ahead(below, definition, inner, name)
        return definition

    def _check_rule(self, resolver: Resolver, name: str, body: Mapping[str, Any]) -> None:
        if "RuleCondition" in body and not resolver.decide(body["RuleCondition"]):
            return
        for row in body.get("Assertions", ()):
            if not resolver.decide(row["Assert"]):
                said = row.get("AssertDescription", "an assertion is false")
                raise TemplateError(f"Template constraint violation: rule '{name}': {said}")

    def define_nested(
        self,
        nested: Stack,
        properties: Mapping[str, Any],
        outer: Definition,
        name: str = "",
        *,
        validates: bool = False,
    ) -> Definition:
        """Define a nested stack by its properties; one of a name that was defined ahead is read."""
        url = properties.get("TemplateURL")
        if not url:
            raise TemplateError(
                "Properties validation failed: required key [TemplateURL] not found"
            )
        ahead = outer.nested.get(name)
        text = ahead.text if ahead is not None else ""
        text = text or self.read_url(self._engine.connect(nested), str(url))
        given = {
            name: ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
            for name, value in (properties.get("Parameters") or {}).items()
        }
        own = {row["Key"]: as_text(row["Value"]) for row in properties.get("Tags") or ()}
        definition = self.define(
            nested, text, given, tags={**outer.tags, **own}, capabilities=outer.capabilities,
            validates=validates,
        )  # fmt: skip
        if ahead is not None:
            definition.nested = ahead.nested
        return definition


def walk_validations(definition: Definition) -> Iterator[Validation]:
    """Yield what was found in a template and in those below it."""
    yield from definition.validations
    for nested in definition.nested.values():
        yield from walk_validations(nested)


def _resolve_known(resolver: Resolver, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        with contextlib.suppress(TemplateError):
            yield name, resolver.resolve(value)


def _choose_known(resolver: Resolver, resources: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, body in resources.items():
        with contextlib.suppress(TemplateError):
            if resolver.includes(body):
                yield name, body
