"""From pydantic's failures to the contract's: the first one, as a code that names its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from tidegate.api.evocloud.schemas.fields import WireModel
from tidegate.domain.errors import InvalidFormat, InvalidValue, MissingField, TidegateError

_ERRORS: dict[str, type[TidegateError]] = {
    kind.code: kind for kind in (InvalidFormat, MissingField, InvalidValue)
}
Model = TypeVar("Model", bound=WireModel)


def validated(model: type[Model], raw: Mapping[str, Any]) -> Model:
    """The body as a model; raises MissingField, InvalidFormat or InvalidValue."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _first(error) from None


def _first(error: ValidationError) -> TidegateError:
    """The first failure in the contract's terms; what is missing goes before what is wrong."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    failure = next((one for one in found if one["type"] == "missing"), found[0])
    field = ".".join(str(part) for part in failure["loc"])
    if failure["type"] == "missing":
        return MissingField(f"{field} is missing", field=field)
    kind = _ERRORS.get(failure["type"])
    if kind is not None:
        return kind(f"{field} {failure['msg']}", field=field)
    return InvalidFormat(f"{field} has the wrong type", field=field)
