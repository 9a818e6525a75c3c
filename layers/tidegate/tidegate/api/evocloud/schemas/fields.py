"""Field types of the contract: S(n) counts UTF-8 bytes, amounts are strings, numbers may come as
either."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictStr,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

SCRIPTS = ("javascript", "data", "vbscript", "blob", "filesystem", "about", "view-source")
"""Schemes of addresses that are documents of their own, in whoever opens them."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
PROOF_BYTES = 20
PLATFORMS = ("WEB", "WAP", "APP", "MINI", "INWALLET", "POS")


class WireModel(BaseModel):
    """Unknown fields are ignored, null and "" count as absent; a value never shows up in an error
    or a representation."""

    spellings: ClassVar[Mapping[str, str]] = {}
    """Other names that clients use for a field; its own goes first (contract, 9.10)."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        found = {name: value for name, value in given.items() if value is not None and value != ""}
        for other, name in cls.spellings.items():
            if other in found:
                found.setdefault(name, found.pop(other))
        return found

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__


def fault(code: str, message: str) -> PydanticCustomError:
    """A validation failure that carries a result code."""
    return PydanticCustomError(code, message)


@dataclass(frozen=True, eq=False)
class Rule:
    """A check of a text that has passed the others, and how a JSON Schema says the same."""

    check: Callable[[str], str]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(core), **self.schema}


def at_most(limit: int) -> Rule:
    """At most so many bytes as UTF-8."""

    def check(text: str) -> str:
        if len(text.encode("utf-8", "surrogatepass")) > limit:
            raise fault("V0002", f"must have at most {limit} bytes")
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise fault("V0000", "holds half of a surrogate pair")
        return text

    # A schema counts characters: what is longer in characters is longer in bytes too.
    return Rule(check, {"maxLength": limit})


def _identifier(text: str) -> str:
    if not all(char.isascii() and (char.isalnum() or char in "_-") for char in text):
        raise fault("V0002", "may hold letters, digits, _ and - only")
    return text


def _currency(text: str) -> str:
    # Checked here so that no error ever repeats free text.
    if len(text) != 3 or not all("A" <= char <= "Z" for char in text):
        raise fault("V0000", "must be three capital letters, ISO 4217")
    return text


def digits(least: int, most: int) -> Rule:
    """So many digits, no other character."""

    def check(text: str) -> str:
        if not (text.isascii() and text.isdigit()):
            raise fault("V0000", "must hold digits only")
        if not least <= len(text) <= most:
            raise fault("V0002", f"must have {least} to {most} digits")
        return text

    return Rule(check, {"pattern": f"^[0-9]{{{least},{most}}}$"})


def one_of(*allowed: str) -> Rule:
    """A closed list."""

    def check(text: str) -> str:
        if text not in allowed:
            raise fault("V0002", f"must be one of {', '.join(allowed)}")
        return text

    return Rule(check, {"enum": list(allowed)})


def _url(text: str) -> str:
    # What is no URL by RFC 3986 cannot be requested as it stands, nor signed as it is requested.
    if not text.startswith(("http://", "https://")) or not all("!" <= c <= "~" for c in text):
        raise fault("V0002", "must begin with http:// or https:// and be plain ASCII, no space")
    return text


def _return_url(text: str) -> str:
    # An app may be returned to by a scheme of its own, but no browser is sent to a script.
    scheme = _SCHEME.match(text)
    if scheme is None or scheme[1].lower() in SCRIPTS:
        raise fault("V0002", "must be an address with its scheme")
    if not all("!" <= char <= "~" for char in text):
        raise fault("V0002", "must be plain ASCII, no space")
    return text


def is_proof(text: str) -> bool:
    """Whether it is what networks take for an authentication value or a token's cryptogram: 20
    bytes in base64."""
    try:
        return len(base64.b64decode(text, validate=True)) == PROOF_BYTES
    except (binascii.Error, ValueError):
        return False


def _number_as_text(value: Any) -> Any:
    """The contract's numbers in strings, which some clients send as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _hours(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise fault("V0000", "must be a whole number of hours")
    if int(text) > 168:
        raise fault("V0002", "must be 0 to 168")
    return text


AS_TEXT = BeforeValidator(_number_as_text)
"""Takes a whole number for its text."""


def whole(least: int, most: int) -> Rule:
    """A whole number within bounds, as text."""

    def check(text: str) -> str:
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise fault("V0000", "must be a whole number")
        if not least <= int(text) <= most:
            raise fault("V0002", f"must be {least} to {most}")
        return text

    return Rule(check, {"pattern": "^[0-9]{1,9}$"})


S32 = Annotated[StrictStr, at_most(32)]
S64 = Annotated[StrictStr, at_most(64)]
S128 = Annotated[StrictStr, at_most(128)]
S254 = Annotated[StrictStr, at_most(254)]
Identifier = Annotated[StrictStr, at_most(32), Rule(_identifier, {"pattern": "^[A-Za-z0-9_-]+$"})]
Url = Annotated[StrictStr, at_most(300), Rule(_url, {"pattern": "^https?://[!-~]+$"})]
Metadata = Annotated[StrictStr, at_most(512)]
ReturnUrl = Annotated[
    StrictStr, at_most(300), Rule(_return_url, {"pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[!-~]*$"})
]
Currency = Annotated[StrictStr, Rule(_currency, {"pattern": "^[A-Z]{3}$"})]
Platform = Annotated[StrictStr, one_of(*PLATFORMS)]
Hours = Annotated[
    StrictStr, AS_TEXT, Rule(_hours, {"pattern": "^(0|[1-9][0-9]?|1[0-5][0-9]|16[0-8])$"})
]
