"""One function's own code: what its names and expressions stand for, and what it calls."""

from __future__ import annotations

import ast
import importlib
import inspect
import types
import typing
from typing import TYPE_CHECKING, Any

from tests.template.code_objects import OURS, Client, Made, Method, Of, hints_of, own_nodes, tree_of

if TYPE_CHECKING:
    from tests.template.calls import Walk

OF_DICTS = dir(dict)
"""Names too common to be looked for where it is not known whose they are."""


class FunctionBody:
    """One function's code."""

    def __init__(self, walk: Walk, function: Any, bound: dict[str, list[Any]]) -> None:
        self.walk_, self.function, self.given = walk, function, bound
        self.names: dict[str, list[Any]] = {}
        hints = hints_of(function)
        for name in inspect.signature(function, follow_wrapped=False).parameters:
            self.names[name] = bound.get(name) or walk.of_hint(hints.get(name))
        cells = function.__closure__ or ()
        for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
            self.names[name] = [cell.cell_contents]

    def walk(self) -> list[Any]:
        tree = tree_of(self.function)
        for _ in range(2):  # a name may be used above of where it is set, in a loop
            for statement in tree.body:
                self._statement(statement)
        return [
            one
            for node in own_nodes(tree)
            if isinstance(node, ast.Return | ast.Yield) and node.value is not None
            for one in self.value(node.value)
            if not isinstance(one, Made | Of | bool | None)
        ]

    def _statement(self, node: ast.AST) -> None:
        if isinstance(node, ast.If | ast.IfExp):
            holds = self._holds(node.test)
            if holds is not None:
                taken = node.body if holds else node.orelse
                for one in taken if isinstance(taken, list) else [taken]:
                    self._statement(one)
                return
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        if isinstance(node, ast.Assert) and ast.unparse(node.test).endswith(" is not None"):
            self._is_there(ast.unparse(node.test).removesuffix(" is not None"))
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found = self.value(node.value)
            for target in targets:
                self._set(target, found)
        elif isinstance(node, ast.For | ast.comprehension):
            self._set(node.target, [one for v in self.value(node.iter) for one in self.items(v)])
        elif isinstance(node, ast.NamedExpr):
            self._set(node.target, self.value(node.value))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._set(node.optional_vars, self.value(node.context_expr))
        elif isinstance(node, ast.Call):
            self.value(node)
        elif isinstance(node, ast.Attribute):
            self.value(node)  # a property is code as well
        for child in ast.iter_child_nodes(node):
            self._statement(child)
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return | ast.Raise):
            name, _, _ = ast.unparse(node.test).partition(" is None")
            self._is_there(name)  # or we would not have come so far

    def _is_there(self, name: str) -> None:
        if name in self.names:
            self.names[name] = [one for one in self.names[name] if one is not None]

    def _holds(self, test: ast.expr) -> bool | None:
        """What a condition is, where the call itself decides it: by a flag, or by an argument that
        is there."""
        if ast.unparse(test) in self.walk_.skip:
            return False
        if isinstance(test, ast.Name):
            flags = {one if isinstance(one, bool) else None for one in self.value(test)}
            return flags.pop() if len(flags) == 1 else None
        absent = isinstance(test, ast.Compare) and ast.unparse(test).endswith(" is None")
        if absent and isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
            given = self.given.get(test.left.id)
            if given and not any(one is None for one in given):
                return False
        return None

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(OURS):
                module = importlib.import_module(str(node.module))
                found = getattr(module, alias.name, None) or importlib.import_module(
                    f"{node.module}.{alias.name}"
                )
                self.names[alias.asname or alias.name] = [found]

    def _set(self, target: ast.AST, found: list[Any]) -> None:
        if isinstance(target, ast.Name):
            known = self.names.setdefault(target.id, [])
            known += [
                one for one in found if not any(one is other or one == other for other in known)
            ]
        elif isinstance(target, ast.Tuple):
            for at, part in enumerate(target.elts):
                self._set(part, [one for v in found for one in self.items(v, at)])

    def items(self, value: Any, at: int | None = None) -> list[Any]:
        """What is in something that is iterated or unpacked."""
        if isinstance(value, dict):
            return list(value.values())
        if isinstance(value, list | tuple | set | frozenset):
            return list(value)
        if isinstance(value, Of):
            inside = [one for one in typing.get_args(value.hint) if one is not Ellipsis]
            if at is not None and typing.get_origin(value.hint) is tuple and at < len(inside):
                inside = [inside[at]]
            return [one for part in inside for one in self.walk_.of_hint(part)]
        return []

    def _got(self, base: Any) -> list[Any]:
        kind = base.kind if isinstance(base, Made) else type(base)
        if not kind.__module__.startswith(OURS):
            return []
        getter = inspect.getattr_static(kind, "__getitem__", None)
        return self.walk_.run(Method(getter, base, "__getitem__"), [], {}) if getter else []

    def value(self, node: ast.AST) -> list[Any]:
        """What an expression may be."""
        if isinstance(node, ast.Name):
            if node.id in self.names:
                return self.names[node.id]
            scope = self.function.__globals__
            return [scope[node.id]] if node.id in scope else []
        if isinstance(node, ast.Constant):
            return [node.value]
        if isinstance(node, ast.Attribute):
            return [
                one
                for base in self.value(node.value)
                for one in self.walk_.attribute(base, node.attr)
            ]
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Subscript):
            bases = self.value(node.value)
            self.value(node.slice)
            return [one for base in bases for one in (*self.items(base), *self._got(base))]
        if isinstance(node, ast.IfExp):
            holds = self._holds(node.test)
            taken = [node.body] * (holds is not False) + [node.orelse] * (holds is not True)
            return [one for part in taken for one in self.value(part)]
        if isinstance(node, ast.BoolOp):
            *first, last = (self.value(part) for part in node.values)
            return [one for part in first for one in part if one is not None] + last
        if isinstance(node, ast.Await | ast.Starred | ast.NamedExpr | ast.YieldFrom):
            return self.value(node.value)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [tuple(one for part in node.elts for one in self.value(part))]
        return []

    def _call(self, node: ast.Call) -> list[Any]:
        arguments = [self.value(one) for one in node.args]
        named = {one.arg: self.value(one.value) for one in node.keywords if one.arg}
        if isinstance(node.func, ast.Attribute):
            for base in self.value(node.func.value):
                if isinstance(base, Client):
                    self._request(base, node, named)
                    return []
        service = arguments[0][0] if arguments and arguments[0] else None
        if ast.unparse(node.func) in {"aws.client", "aws.wire"} and isinstance(service, str):
            return [Client(service)]
        callees = self.value(node.func)
        if not callees and isinstance(node.func, ast.Attribute) and node.func.attr not in OF_DICTS:
            callees = self._by_name(node.func.attr)
        return [one for callee in callees for one in self.walk_.run(callee, arguments, named)]

    def _request(self, client: Client, node: ast.Call, named: dict[str, list[Any]]) -> None:
        """Of a boto3 client its method says what is asked for, of our wire its arguments do."""
        assert isinstance(node.func, ast.Attribute)
        if node.func.attr != "call":
            name = "".join(part.capitalize() for part in node.func.attr.split("_"))
            self.walk_.client_call(client, name, named)
            return
        operation, given = node.args
        assert isinstance(operation, ast.Constant)
        assert isinstance(given, ast.Dict)
        said = {
            key.value: self.value(value)
            for key, value in zip(given.keys, given.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        self.walk_.client_call(client, str(operation.value), {str(k): v for k, v in said.items()})

    def _by_name(self, name: str) -> list[Any]:
        """Where it is not known whose method it is: of every object of this function that has one
        of the name and leads to AWS."""
        found = []
        for one in self.walk_.objects.values():
            method = inspect.getattr_static(type(one), name, None)
            if isinstance(method, types.FunctionType) and ".adapters." in type(one).__module__:
                found.append(Method(method, one, name))
                self.walk_.lost.add(f"{self.function.__qualname__}: .{name}()")
        return found
