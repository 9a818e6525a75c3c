"""DynamoDB's condition and update expressions, read as its documentation defines them, over items
in DynamoDB's own form (``{"v": {"N": "1"}}``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Typed = Mapping[str, Any]
Item = dict[str, Any]
_TOKEN = re.compile(r"\s*(?P<token><>|<=|>=|[=<>(),+-]|[:#][A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_.]*)")
_COMPARE = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_KEYWORDS = {"SET", "REMOVE", "ADD", "DELETE"}


class NotUnderstood(Exception):
    """An expression that the simulation does not know: teach it, do not guess."""


@dataclass(frozen=True, slots=True)
class Given:
    """Names and values of a request."""

    names: Mapping[str, str]
    values: Mapping[str, Typed]


Operand = Callable[[Item, Given], Typed | None]
Test = Callable[[Item, Given], bool]
Change = Callable[[Item, Item, Given], None]


def holds(expression: str | None, item: Item, given: Given) -> bool:
    """Whether a condition holds; one that is absent does."""
    return expression is None or _condition(expression)(item, given)


def changed(expression: str, item: Item, given: Given) -> Item:
    """The item after an update expression; every value is taken from the item as it was."""
    after = dict(item)
    for change in _update(expression):
        change(item, after, given)
    return after


def comparable(typed: Typed) -> Any:
    """A value that compares as DynamoDB compares those of its type."""
    ((kind, value),) = typed.items()
    return int(value) if kind == "N" else value


@cache
def _condition(text: str) -> Test:
    reader = _Reader(text)
    test = reader.disjunction()
    reader.end()
    return test


@cache
def _update(text: str) -> tuple[Change, ...]:
    reader = _Reader(text)
    found: list[Change] = []
    while reader.more:
        clause = reader.take().upper()
        if clause not in _KEYWORDS:
            raise NotUnderstood(text)
        while True:
            found.append(getattr(reader, f"one_{clause.lower()}")())
            if not reader.takes(","):
                break
    return tuple(found)


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise NotUnderstood(text)
            self._tokens.append(match["token"])
            at = match.end()
        self._at = 0

    @property
    def more(self) -> bool:
        return self._at < len(self._tokens)

    def end(self) -> None:
        if self.more:
            raise NotUnderstood(self._text)

    def take(self) -> str:
        if not self.more:
            raise NotUnderstood(self._text)
        self._at += 1
        return self._tokens[self._at - 1]

    def takes(self, token: str) -> bool:
        if self.more and self._tokens[self._at].upper() == token:
            self._at += 1
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.takes(token):
            raise NotUnderstood(self._text)

    # -- conditions

    def disjunction(self) -> Test:
        tests = [self.conjunction()]
        while self.takes("OR"):
            tests.append(self.conjunction())
        return tests[0] if len(tests) == 1 else lambda i, g: any(test(i, g) for test in tests)

    def conjunction(self) -> Test:
        tests = [self.negation()]
        while self.takes("AND"):
            tests.append(self.negation())
        return tests[0] if len(tests) == 1 else lambda i, g: all(test(i, g) for test in tests)

    def negation(self) -> Test:
        if self.takes("NOT"):
            test = self.negation()
            return lambda i, g: not test(i, g)
        return self.primary()

    def primary(self) -> Test:
        if self.takes("("):
            test = self.disjunction()
            self.expect(")")
            return test
        for name in ("attribute_exists", "attribute_not_exists"):
            if self.takes(name.upper()):
                (path,) = self.arguments()
                wanted = name == "attribute_exists"
                return lambda i, g: (path(i, g) is not None) is wanted
        if self.takes("BEGINS_WITH"):
            path, start = self.arguments()
            return lambda i, g: _begins(path(i, g), start(i, g))
        return self.comparison()

    def comparison(self) -> Test:
        left = self.operand()
        if self.takes("BETWEEN"):
            low = self.operand()
            self.expect("AND")
            high = self.operand()
            return lambda i, g: (
                _compare(">=", left(i, g), low(i, g)) and _compare("<=", left(i, g), high(i, g))
            )
        if self.takes("IN"):
            choices = self.arguments()
            return lambda i, g: any(_compare("=", left(i, g), one(i, g)) for one in choices)
        operator = self.take()
        if operator not in _COMPARE:
            raise NotUnderstood(self._text)
        right = self.operand()
        return lambda i, g: _compare(operator, left(i, g), right(i, g))

    def arguments(self) -> list[Operand]:
        self.expect("(")
        found = [self.operand()]
        while self.takes(","):
            found.append(self.operand())
        self.expect(")")
        return found

    def operand(self) -> Operand:
        if self.takes("IF_NOT_EXISTS"):
            path, otherwise = self.arguments()
            return lambda i, g: path(i, g) or otherwise(i, g)
        token = self.take()
        if token.startswith(":"):
            return lambda _i, g: g.values[token]
        if token.startswith("#"):
            return lambda i, g: i.get(g.names[token])
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", token):
            raise NotUnderstood(self._text)
        return lambda i, _g: i.get(token)

    # -- updates

    def path(self) -> Callable[[Given], str]:
        token = self.take()
        return (lambda g: g.names[token]) if token.startswith("#") else (lambda _g: token)

    def one_set(self) -> Change:
        path = self.path()
        self.expect("=")
        left = self.operand()
        sign = 1 if self.takes("+") else -1 if self.takes("-") else 0
        right = self.operand() if sign else None

        def change(before: Item, after: Item, given: Given) -> None:
            value = left(before, given)
            if right is not None:
                value = _sum(value, right(before, given), sign)
            if value is None:
                raise NotUnderstood("SET from an attribute that is absent")
            after[path(given)] = value

        return change

    def one_remove(self) -> Change:
        path = self.path()
        return lambda _before, after, given: after.pop(path(given), None)

    def one_add(self) -> Change:
        path, value = self.path(), self.operand()

        def change(before: Item, after: Item, given: Given) -> None:
            name = path(given)
            after[name] = _added(before.get(name), value(before, given))

        return change

    def one_delete(self) -> Change:
        raise NotUnderstood(self._text)


def _compare(operator: str, left: Typed | None, right: Typed | None) -> bool:
    if left is None or right is None:
        return operator == "<>" and left is not right
    if left.keys() != right.keys():
        return operator == "<>"
    return bool(_COMPARE[operator](comparable(left), comparable(right)))


def _begins(value: Typed | None, start: Typed | None) -> bool:
    if value is None or start is None or value.keys() != start.keys():
        return False
    return bool(comparable(value).startswith(comparable(start)))


def _added(before: Typed | None, value: Typed | None) -> Typed:
    """ADD: to a number, or into a set of strings."""
    if value is not None and "SS" in value:
        held = (before or {"SS": []}).get("SS")
        if held is None:
            raise NotUnderstood("a set into what is none")
        return {"SS": sorted({*held, *value["SS"]})}
    return _sum(before or {"N": "0"}, value, 1)


def _sum(left: Typed | None, right: Typed | None, sign: int) -> Typed:
    if left is None or right is None or "N" not in left or "N" not in right:
        raise NotUnderstood("arithmetic on what is no number")
    return {"N": str(int(left["N"]) + sign * int(right["N"]))}
