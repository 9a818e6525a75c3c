"""The OpenAPI 3.1 document of the merchant API, made of the schemas that check its requests.

``python -m tidegate.api.evocloud.openapi`` prints it. Functions never load this module.
"""

from __future__ import annotations

import json
from typing import Any

from tidegate.api.evocloud.answer_schemas import COMPONENTS, Schema, codes, obj, ref, text
from tidegate.api.evocloud.operations import OPERATIONS, Operation
from tidegate.api.evocloud.schemas.fields import WireModel
from tidegate.api.evocloud.signature import SIGN_TYPES

SCHEMA_REF = "#/components/schemas/{model}"
_HEADERS = {
    "DateTime": text(description="Time of sending, ISO 8601 with its zone"),
    "MsgID": text(maxLength=1024),
    "SignType": text(enum=list(SIGN_TYPES)),
    "KeyID": text(maxLength=36),
    "Idempotency-Key": text(maxLength=64),
}
_MANDATORY = ("DateTime", "MsgID", "SignType")


def document(server_url: str) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Schema] = dict(COMPONENTS)
    for operation in OPERATIONS:
        item = paths.setdefault(operation.path, {"parameters": _path_parameters(operation.path)})
        item[operation.method] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tidegate merchant API",
            "version": "1",
            "description": "The EVO Cloud merchant API. Every request is signed; so is every "
            "answer, in its header Authorization.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "signature": {"type": "apiKey", "in": "header", "name": "Authorization"}
            },
        },
        "security": [{"signature": []}],
        "x-result-codes": codes(linkpay=False),
        "x-linkpay-result-codes": codes(linkpay=True),
    }


def _operation(operation: Operation, schemas: dict[str, Schema]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": ["LinkPay" if operation.linkpay else "Merchant API"],
        "parameters": [
            *(
                _parameter(name, "header", schema, name in _MANDATORY)
                for name, schema in _HEADERS.items()
                if name != "Authorization"
            ),
            *(
                _parameter(name, "query", schema, name in operation.needs)
                for name, schema in operation.query.items()
            ),
        ],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        found["requestBody"] = {
            "required": not operation.body_optional,
            "content": {"application/json": {"schema": _body(operation.body, schemas)}},
        }
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    answer = obj("result", result=ref("Result"), **operation.answer)
    refusal = obj("result", result=ref("Result"))
    described = {
        "200": ("Understood: result.code tells what came of it", answer),
        "400": ("No HTTP request as it should be", refusal),
        "404": ("There is nothing at this path", refusal),
        "405": ("The method is not supported on this path (V0006)", refusal),
        "413": ("The request is larger than 10 MB", refusal),
        "429": ("The store sends too many requests (B0033): try again after Retry-After", refusal),
        "500": ("A fault of ours (E0000)", refusal),
        "503": ("Busy or unreachable: try again with the same Idempotency-Key", refusal),
    }
    return {
        status: {
            "description": description,
            "content": {"application/json": {"schema": schema}},
        }
        for status, (description, schema) in described.items()
    }


def _body(model: type[WireModel], schemas: dict[str, Schema]) -> Schema:
    """The model's schema; what it is made of joins the components."""
    schema = model.model_json_schema(ref_template=SCHEMA_REF, by_alias=True)
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return ref(model.__name__)


def _path_parameters(path: str) -> list[dict[str, Any]]:
    given = [_parameter("sid", "path", text(pattern="^S[0-9]{6}$"), True)]
    if "{merchantOrderID}" in path:
        form = text(pattern="^[A-Za-z0-9_-]{1,32}$")
        given.append(_parameter("merchantOrderID", "path", form, True))
    return given


def _parameter(name: str, where: str, schema: Schema, required: bool) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema}


if __name__ == "__main__":
    print(json.dumps(document("http://127.0.0.1:8080"), indent=2))
