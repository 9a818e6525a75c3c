"""API Gateway: what its template says, and what a client sees when a function fails.

MiniStack's import of an OpenAPI body leaves out `x-amazon-apigateway-gateway-responses` (where SAM
puts its GatewayResponses), `x-amazon-apigateway-any-method`, and of an integration everything but
its type and address. A function's failure reaches its client with class, message and stack trace;
on AWS it is `Internal server error`, in the words of the gateway response for 5XX.
"""

import json
from typing import Any

from ministack.services import apigateway_v1

ANY = "x-amazon-apigateway-any-method"
RESPONSES = "x-amazon-apigateway-gateway-responses"
INTEGRATION = "x-amazon-apigateway-integration"

FAILED = "Internal server error"

_original_proxy_response = apigateway_v1._lambda_proxy_response
_original_invoke = apigateway_v1._invoke_lambda_proxy_v1
_original_import_api = apigateway_v1._import_rest_api
_original_import_operation = apigateway_v1._import_operation


def install() -> None:
    """Replace MiniStack's import and its answer to a failure."""
    apigateway_v1._OPENAPI_HTTP_METHODS = {*apigateway_v1._OPENAPI_HTTP_METHODS, "any"}
    apigateway_v1._import_rest_api = _import_api
    apigateway_v1._import_operation = _import_operation
    apigateway_v1._lambda_proxy_response = _proxy_response
    apigateway_v1._invoke_lambda_proxy_v1 = _invoke


def _proxy_response(result: dict[str, Any]) -> Any:
    return (None, FAILED) if result.get("error") else _original_proxy_response(result)


async def _invoke(*given: Any, **named: Any) -> Any:
    answer = await _original_invoke(*given, **named)
    if isinstance(answer, tuple) and answer[2] == json.dumps({"message": FAILED}).encode():
        return apigateway_v1._gw_error("DEFAULT_5XX", FAILED)
    return answer


def _import_api(spec: dict[str, Any], base_data: dict[str, Any] | None = None) -> str:
    paths = {
        path: {("any" if method == ANY else method): what for method, what in item.items()}
        for path, item in (spec.get("paths") or {}).items()
    }
    api_id: str = _original_import_api({**spec, "paths": paths}, base_data)
    for kind, response in (spec.get(RESPONSES) or {}).items():
        apigateway_v1._put_gateway_response(api_id, kind, response)
    return api_id


def _import_operation(
    api_id: str, resource_id: str, method: str, operation: dict[str, Any], *security: Any
) -> None:
    _original_import_operation(api_id, resource_id, method, operation, *security)
    integration = dict(operation.get(INTEGRATION) or {})
    if not integration:
        return
    for key in ("type", "passthroughBehavior"):  # lower case in OpenAPI, upper in the API
        if key in integration:
            integration[key] = integration[key].upper()
    apigateway_v1._put_integration(api_id, resource_id, method, integration)
    for pattern, response in (integration.get("responses") or {}).items():
        status = str(response["statusCode"])
        selection = {**response, "selectionPattern": "" if pattern == "default" else pattern}
        apigateway_v1._put_method_response(api_id, resource_id, method, status, {})
        apigateway_v1._put_integration_response(api_id, resource_id, method, status, selection)
