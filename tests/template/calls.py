"""What functions may call of AWS, read off the code; ``python -m tests.template.calls`` prints it.

A function's handler is loaded as Lambda loads it, with clients that do nothing. Its objects are
then real, so that ``self._stores.get(…)`` leads to one method, and the syntax trees of all code
that may run from the handler are followed through them to the clients. Branches are all taken:
what is found is the most that the function can do, not what it usually does.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import types
import typing
from dataclasses import dataclass, field
from typing import Any

from tests.template.code_objects import (
    ACTIONS,
    EXECUTION,
    OPERATIONS,
    OURS,
    PURE,
    RESOURCES,
    VARIABLES,
    Client,
    Made,
    Method,
    Of,
    bound_arguments,
    held_by,
    hints_of,
    key_of,
    load,
    within,
)
from tests.template.function_body import FunctionBody
from tests.template.reading import functions

BENEATH = ("Table", "Transaction")
"""What the adapters are written over: the end of the way."""


@dataclass
class Walk:
    """The way through one function's code."""

    skip: tuple[str, ...] = ()
    """Conditions, as they stand in the code, that never hold for this function."""
    calls: dict[tuple[str, str], str] = field(default_factory=dict)  # each with its first way
    way: list[str] = field(default_factory=list)
    results: dict[Any, list[Any]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    objects: dict[int, Any] = field(default_factory=dict)

    def run(self, callee: Any, arguments: list[Any], named: dict[str, list[Any]]) -> list[Any]:
        """Follow a call; what it may give."""
        if isinstance(callee, Method):
            owner = type(callee.owner).__name__
            if isinstance(callee.owner, Made):
                owner = callee.owner.kind.__name__
            if (owner, callee.name) in ACTIONS:
                self._table_call(owner, callee.name, named)
            if owner in BENEATH:
                return self._given_by(callee.function)
            return self._follow(callee.function, [[callee.owner], *arguments], named)
        if isinstance(callee, types.MethodType):
            return self.run(
                Method(callee.__func__, callee.__self__, callee.__name__), arguments, named
            )
        if isinstance(callee, type):
            written = vars(callee).get("__init__") if callee.__module__.startswith(OURS) else None
            if written is not None and not hasattr(callee, "__dataclass_fields__"):
                self._follow(written, [[Made(callee)], *arguments], named)
            return [Made(callee)]
        plain = inspect.unwrap(callee) if callable(callee) else callee
        factory = str(getattr(callee, "__module__", "")).startswith(f"{OURS}.runtime")
        if factory and isinstance(callee, functools._lru_cache_wrapper) and not arguments:
            return [self._known(callee())]  # a factory of ours: what it makes is real
        if isinstance(plain, types.FunctionType):
            target = (
                callee if isinstance(callee, types.FunctionType) and callee.__closure__ else plain
            )
            return self._follow(target, arguments, named)
        kind = callee.kind if isinstance(callee, Made) else type(callee)
        called = inspect.getattr_static(kind, "__call__", None)
        if isinstance(called, types.FunctionType):
            return self.run(Method(called, callee, "__call__"), arguments, named)
        return []

    def _table_call(self, owner: str, name: str, named: dict[str, list[Any]]) -> None:
        table = "Table/due" if named.get("index") else "Table"
        self.calls.setdefault((ACTIONS[owner, name], table), " > ".join(self.way))

    def client_call(self, client: Client, name: str, named: dict[str, list[Any]]) -> None:
        """A call that reaches AWS."""
        about = [one for key in RESOURCES for one in named.get(key, ()) if isinstance(one, str)]
        if EXECUTION in named:
            about = ["executions"]
        action = f"{client.service}:{OPERATIONS.get(name, name)}"
        for one in about or ["?"]:
            self.calls.setdefault((action, one), " > ".join(self.way))

    def _follow(
        self, function: Any, arguments: list[Any], named: dict[str, list[Any]]
    ) -> list[Any]:
        closure = getattr(function, "__closure__", None)
        plain = function if closure else inspect.unwrap(function)
        module = str(plain.__globals__.get("__name__", ""))
        if not module.startswith((OURS, "app_")) or module.startswith(PURE):
            return self._given_by(plain)
        bound = bound_arguments(plain, arguments, named)
        # Who is handed over matters where it may lead to AWS; which amount is captured does not.
        leading = ((n, tuple(sorted({key_of(one) for one in v} - {""}))) for n, v in bound.items())
        key = (plain.__code__, *sorted(leading), *held_by(plain))
        if key not in self.results:
            self.results[key] = self._given_by(plain, bound)  # for calls of itself
            self.way.append(plain.__qualname__)
            self.results[key] = FunctionBody(self, plain, bound).walk() or self.results[key]
            self.way.pop()
        return self.results[key]

    def _given_by(self, function: Any, bound: dict[str, list[Any]] | None = None) -> list[Any]:
        """By its hint; of a type variable, the classes that it was handed."""
        hint = hints_of(function).get("return")
        if isinstance(hint, typing.TypeVar):
            given = [one for values in (bound or {}).values() for one in values]
            return [Made(one) for one in given if isinstance(one, type)]
        return self.of_hint(hint)

    def of_hint(self, hint: Any) -> list[Any]:
        """What a type hint may stand for; a port is every known object that has its methods."""
        if hint is None or hint is type(None):
            return []
        origin, inside = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            found = [one for part in inside for one in self.of_hint(part)]
            return [*found, None] if type(None) in inside else found
        if origin is not None:
            return [Of(hint)]
        if not isinstance(hint, type):
            return []
        if getattr(hint, "_is_protocol", False):
            wanted = {
                name for name in vars(hint) if callable(getattr(hint, name)) and name[0] != "_"
            }
            wanted |= {"__call__"} & set(vars(hint))
            return [
                one
                for one in self.objects.values()
                if wanted
                and type(one).__name__ not in BENEATH
                and all(hasattr(type(one), name) for name in wanted)
            ]
        return [Made(hint)]

    def _known(self, given: Any) -> Any:
        for one in within(given, set()):
            self.objects[id(one)] = one
        return given

    def attribute(self, base: Any, name: str) -> list[Any]:
        """What an attribute of something may be."""
        kind = base.kind if isinstance(base, Made) else type(base)
        if isinstance(base, Of | Method) or base is None:
            return []
        if isinstance(base, types.ModuleType | type):
            return [getattr(base, name)] if hasattr(base, name) else []
        static = inspect.getattr_static(kind, name, None)
        if isinstance(static, property):
            return self.run(Method(static.fget, base, name), [], {})
        if isinstance(static, functools.cached_property):
            return self.run(Method(static.func, base, name), [], {})
        if isinstance(static, types.FunctionType):
            return [Method(static, base, name)]
        if isinstance(static, staticmethod | classmethod):
            return (
                [static.__func__]
                if isinstance(static, staticmethod)
                else [Method(static.__func__, kind, name)]
            )
        if not isinstance(base, Made) and hasattr(base, name):
            return [self._known(getattr(base, name))]
        return self.of_hint(hints_of(kind).get(name))


def main() -> None:
    """Print ``{function: {"calls": [[action, resource], …], "lost": […]}}``."""
    os.environ.update(VARIABLES, AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1")
    from tidegate.adapters import aws

    aws.client = aws.wire = lambda service, **_: Client(service)  # type: ignore[assignment]
    found = {}
    for name, properties in functions().items():
        module = load(properties["CodeUri"])
        methods = {
            one["Properties"]["Method"]
            for one in properties.get("Events", {}).values()
            if one["Type"] == "Api"
        }
        walk = Walk(skip=("self.request.method != 'GET'",) if methods == {"get"} else ())
        for value in vars(module).values():
            walk._known(value)
        walk.run(module.handler, [], {})
        calls = [[*call, way] for call, way in sorted(walk.calls.items())]
        found[name] = {"calls": calls, "lost": sorted(walk.lost)}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
