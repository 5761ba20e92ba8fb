"""Records: `NamedTuple` and `record`, which are those of `typing` and `dataclasses`, made faster.

`typing` compiles each annotation when a class is made, `collections` a function, and `dataclasses`
the methods of each class, after loading `inspect`: a third of the time in which a command starts.
Here annotations stay texts; what makes a tuple is a template whose arguments are renamed, and the
methods of records are the same functions for all of them.
"""

from __future__ import annotations

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import KW_ONLY, field, replace
    from dataclasses import dataclass as record
    from typing import NamedTuple

    def list_arguments(kind: type) -> list[str]:
        """List the names of what a record is made of."""
        ...
else:
    from _collections import _tuplegetter
    from collections import namedtuple

    _new = tuple.__new__
    _TEMPLATES = (
        lambda _cls: _new(_cls, ()),
        lambda _cls, a: _new(_cls, (a,)),
        lambda _cls, a, b: _new(_cls, (a, b)),
        lambda _cls, a, b, c: _new(_cls, (a, b, c)),
        lambda _cls, a, b, c, d: _new(_cls, (a, b, c, d)),
        lambda _cls, a, b, c, d, e: _new(_cls, (a, b, c, d, e)),
        lambda _cls, a, b, c, d, e, f: _new(_cls, (a, b, c, d, e, f)),
        lambda _cls, a, b, c, d, e, f, g: _new(_cls, (a, b, c, d, e, f, g)),
        lambda _cls, a, b, c, d, e, f, g, h: _new(_cls, (a, b, c, d, e, f, g, h)),
    )
    """Each makes a tuple of so many fields."""

    def _make(cls, values):
        made = _new(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"expected {len(cls._fields)} values, got {len(made)}")
        return made

    def _replace(self, /, **values):
        made = self._make(map(values.pop, self._fields, self))
        if values:
            raise ValueError(f"no such fields: {list(values)!r}")
        return made

    def _write(self):
        shown = zip(self._fields, self, strict=True)
        return f"{type(self).__name__}({', '.join([f'{name}={value!r}' for name, value in shown])})"

    _METHODS = {
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": lambda self: dict(zip(self._fields, self, strict=True)),
        "__repr__": _write,
        "__getnewargs__": lambda self: tuple(self),
        "__slots__": (),
    }

    def _compile(name, fields, defaults):
        if len(fields) >= len(_TEMPLATES):
            return namedtuple(name, fields, defaults=defaults).__new__
        code = _TEMPLATES[len(fields)].__code__
        names = ("_cls", *fields)
        code = code.replace(co_varnames=names, co_name="__new__", co_qualname=f"{name}.__new__")
        return type(_compile)(code, globals(), "__new__", tuple(defaults))

    class _Maker(type):
        def __new__(cls, name, bases, namespace):
            annotations = namespace.get("__annotations__", {})
            fields = tuple(annotations)
            defaults = {field: namespace[field] for field in fields if field in namespace}
            namespace = {**_METHODS, **namespace}
            namespace["_fields"] = namespace["__match_args__"] = fields
            namespace["_field_defaults"] = defaults
            namespace["__new__"] = made = _compile(name, fields, defaults.values())
            made.__annotations__ = annotations
            for index, field in enumerate(fields):
                namespace[field] = _tuplegetter(index, "")
            return type(name, (tuple,), namespace)

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})

    class KW_ONLY:  # noqa: N801 - what dataclasses calls it
        """The annotation behind which fields are given by name."""

    class _Unset:
        def __repr__(self):
            return "<factory>"

    _UNSET = _Unset()

    class _Field:
        """A field: what it is made of, and where it counts; `record` names and places it."""

        __slots__ = ("by_name", "compare", "default", "factory", "hash", "hint", "init", "name")

        def __init__(self, default, factory, init, hashed, compare):
            self.default, self.factory, self.init = default, factory, init
            self.hash, self.compare = compare if hashed is None else hashed, compare

    def field(*, default=_UNSET, default_factory=None, init=True, hash=None, compare=True):
        """Describe a field, as `dataclasses.field` does."""
        return _Field(default, default_factory, init, hash, compare)

    def record(kind=None, *, frozen=False, repr=True):
        """Make a class a record of its annotations, as `dataclasses.dataclass` does."""
        if kind is None:
            return lambda kind: record(kind, frozen=frozen, repr=repr)
        fields = {}
        for base in reversed(kind.__mro__[1:]):
            fields.update(base.__dict__.get("__record_fields__", {}))
        fields.update(_read_fields(kind))
        kind.__record_fields__ = fields
        kind.__match_args__ = tuple([one.name for one in fields.values() if not one.by_name])
        kind.__signature__ = _SIGNATURE
        for name in ("__init__", "__eq__", *["__repr__"] * repr, *_FROZEN * frozen):
            if name not in kind.__dict__:
                setattr(kind, name, _Methods.__dict__[name])
        if not frozen:
            kind.__hash__ = None
        return kind

    def _read_fields(kind):
        """Yield the fields that a class adds, by name; its attributes are left with defaults."""
        by_name = False
        for name, hint in kind.__annotations__.items():
            if hint == "KW_ONLY":
                by_name = True
            elif not hint.startswith("ClassVar"):
                one = kind.__dict__.get(name, _UNSET)
                if not isinstance(one, _Field):
                    one = _Field(one, None, True, None, True)
                elif one.default is _UNSET:
                    delattr(kind, name)
                else:
                    setattr(kind, name, one.default)
                one.name, one.hint, one.by_name = name, hint, by_name or not one.init
                yield name, one

    class _Methods:
        """What records get; one `__init__` for all needs no compiler."""

        def __init__(self, *args, **given):
            kind, values = type(self), self.__dict__
            places = dict(zip(kind.__match_args__, args, strict=False))
            taken, missing = len(places), False
            for name, one in kind.__record_fields__.items():
                if name in places:
                    values[name] = places[name]
                elif name in given and one.init:
                    values[name] = given[name]
                    taken += 1
                elif one.factory is not None:
                    values[name] = one.factory()
                elif one.default is not _UNSET:
                    values[name] = one.default
                else:
                    missing = True
            if missing or taken != len(args) + len(given):
                kind.__signature__.bind(*args, **given)  # says what is wrong with them
            check = getattr(kind, "__post_init__", None)
            if check is not None:
                check(self)

        def __eq__(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return self is other or _take(self, "compare") == _take(other, "compare")

        def __hash__(self):
            return hash(_take(self, "hash"))

        def __repr__(self):
            values = [f"{name}={getattr(self, name)!r}" for name in type(self).__record_fields__]
            return f"{type(self).__qualname__}({', '.join(values)})"

        def __setattr__(self, name, _):
            from dataclasses import FrozenInstanceError

            raise FrozenInstanceError(f"cannot assign to field {name!r}")

        def __delattr__(self, name):
            from dataclasses import FrozenInstanceError

            raise FrozenInstanceError(f"cannot delete field {name!r}")

    _FROZEN = ("__hash__", "__setattr__", "__delattr__")

    def _take(one, aspect):
        fields = type(one).__record_fields__.items()
        return tuple([getattr(one, name) for name, field in fields if getattr(field, aspect)])

    class _Signature:
        """The signature of a record's class, made when somebody asks."""

        def __get__(self, _, kind):
            from inspect import Parameter, Signature

            return Signature(
                [
                    Parameter(
                        one.name,
                        Parameter.KEYWORD_ONLY if one.by_name else Parameter.POSITIONAL_OR_KEYWORD,
                        annotation=one.hint,
                        default=Parameter.empty
                        if one.default is _UNSET and not one.factory
                        else one.default,
                    )
                    for one in sorted(kind.__record_fields__.values(), key=lambda one: one.by_name)
                    if one.init
                ]
            )

    _SIGNATURE = _Signature()

    def list_arguments(kind):
        """List the names of what a record is made of."""
        return [name for name, one in kind.__record_fields__.items() if one.init]

    def replace(old, **changes):
        """Make the same record with other values."""
        kind = type(old)
        return kind(**{**{name: getattr(old, name) for name in list_arguments(kind)}, **changes})


__all__ = ["KW_ONLY", "NamedTuple", "field", "list_arguments", "record", "replace"]
