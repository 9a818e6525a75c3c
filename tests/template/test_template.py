"""The template says what the code needs, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.build import REFUSED_TYPES
from tests.template.reading import (
    ROOT,
    as_list,
    functions,
    resources,
    statements,
    substituted,
    template,
    variables,
)
from tidegate.adapters.webhook import TIMEOUT_S
from tidegate.api.evocloud.result_codes import RESULT_CODES
from tidegate.runtime.settings import Settings
from tidegate.services.limits import WORKFLOW_S

MAX_HANDLER_LINES = 45
API_GATEWAY_TIMEOUT_S = 29
V1, V0, OLD = (f"/g2/{base}/payment/mer/{{sid}}" for base in ("v1", "v0", "auth"))
CHANGES = ("payment", "capture", "cancel", "refund")
MERCHANT_PATHS = {
    **{f"{V1}/{name}": {"post", "get"} for name in (*CHANGES, "cancelOrRefund", "FXRateInquiry")},
    **{f"{V1}/{name}": {"post", "get"} for name in ("cryptogram", "payout")},
    f"{V1}/payment": {"post", "get", "put"},
    f"{V1}/paymentMethod": {"post", "get", "put", "delete"},
    f"{V0}/evo.e-commerce.linkpay": {"post"},
    f"{V0}/evo.e-commerce.linkpay/{{merchantOrderID}}": {"get"},
    f"{V0}/evo.e-commerce.linkpayRefund/{{merchantOrderID}}": {"post", "get"},
    f"{V0}/evo.e-commerce.linkpayCancelorRefund/{{merchantOrderID}}": {"post"},
}
ALIASES = {
    **{f"{base}/evo.e-commerce.{name}": name for base in (V1, V0, OLD) for name in CHANGES},
    f"{V0}/evo.e-commerce.paymentMethod": "paymentMethod",
}
PAYERS_PATHS = {
    "/g2/pay/assets/{asset}": {"get"},
    "/g2/pay/{link}": {"get"},
    "/g2/pay/{link}/order": {"get"},
    "/g2/pay/{link}/payment": {"post"},
    "/g2/3ds/{ticket}": {"get", "post"},
    "/g2/3ds/{ticket}/method": {"get"},
    "/g2/3ds/{ticket}/method-done": {"post"},
    "/g2/3ds/{ticket}/challenge": {"get"},
    "/g2/3ds/{ticket}/result": {"post"},
    "/g2/3ds/{ticket}/results": {"post"},
    "/g2/wallets/{network}/{sid}/{transId}": {"post"},
}

# What knows no narrower resource: why it may say "*".
ANY_RESOURCE_ALLOWED = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}


def folders() -> dict[str, Path]:
    """The folder of every function's code, by logical name."""
    return {name: ROOT / properties["CodeUri"] for name, properties in functions().items()}


@pytest.mark.parametrize("name", functions())
def test_a_function_is_one_short_handler(name: str) -> None:
    app = folders()[name] / "app.py"
    lines = app.read_text().splitlines()
    assert len(lines) <= MAX_HANDLER_LINES
    assert [line for line in lines if line.startswith("def handler(")]
    assert not (app.parent / "requirements.txt").exists(), "the layer brings what functions import"
    pascal = "".join(part.capitalize() for part in app.parent.name.split("_"))
    assert name == f"{pascal}Function"


def test_every_folder_of_functions_is_deployed_once() -> None:
    deployed = sorted(folders().values())
    there = sorted(path.parent for path in (ROOT / "functions").glob("*/app.py"))
    assert deployed == there


def test_functions_get_what_settings_read_and_nothing_else() -> None:
    read: set[str] = set()

    class Recording(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            read.add(key)
            return {"NETWORKS": "visa,mastercard", "WALLETS": "alipayplus"}.get(key, default)

    Settings.read(Recording())
    given = {name for function in functions().values() for name in variables(function)}
    assert {name for name in given if not name.startswith(("POWERTOOLS_", "PYTHON"))} <= read
    # Reconciliation is started by EventBridge: no function has to know its machine.
    assert read - given == {"RECONCILIATION_STATE_MACHINE_ARN"}


def test_outputs_carry_the_names_of_the_settings() -> None:
    given = {name for function in functions().values() for name in variables(function)}
    outputs = {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper() for name in template()["Outputs"]
    }
    shared = {name for name in given if name.endswith(("_ARN", "_URL", "_NAME", "_ID", "_BUCKET"))}
    parameters = {
        "VISA_FILES_URL",
        "MASTERCARD_FILES_URL",
        "VISA_TOKENS_URL",
        "MASTERCARD_TOKENS_URL",
        "DIRECTORY_SERVER_URL",
        "ALIPAYPLUS_URL",
    }
    assert shared - parameters <= outputs
    assert {"API_ID", "API_STAGE", "RECONCILIATION_STATE_MACHINE_ARN"} <= outputs


def test_policies_name_actions_and_resources() -> None:
    for owner, statement in statements():
        actions = as_list(statement["Action"])
        assert not [action for action in actions if "*" in action], owner
        for resource in as_list(statement["Resource"]):
            if resource == "*":
                assert set(actions) <= ANY_RESOURCE_ALLOWED, owner
            elif isinstance(resource, dict) and "Fn::Sub" in resource:
                assert not substituted(resource).startswith("*"), owner


def test_only_what_seals_cards_may_make_data_keys() -> None:
    sealing = {
        owner for owner, statement in statements() if "kms:GenerateDataKey" in statement["Action"]
    }
    assert "CreatePaymentFunction" in sealing
    # What a query may have to finish: a network token that was still to be made.
    finishing = {"GetPaymentMethodFunction"}
    readers = ("Get", "Notify", "FanOut", "Record")
    assert not {name for name in sealing if name.startswith(readers)} - finishing


def test_nobody_may_delete_or_scan() -> None:
    actions = {action for _, statement in statements() for action in as_list(statement["Action"])}
    assert not [action for action in actions if re.search("Delete(Item|Object)|Scan", action)]


@pytest.mark.parametrize("variable", ["TABLE_NAME", "KMS_KEY_ID", "FILES_BUCKET"])
def test_a_resource_is_named_in_the_environment_of_whoever_may_use_it(variable: str) -> None:
    """A policy for a resource that the function is not told of would be one too many."""
    own = {"TABLE_NAME": "Table", "KMS_KEY_ID": "KmsKey", "FILES_BUCKET": "FilesBucket"}[variable]
    for owner, statement in statements():
        if own in _names_in(statement["Resource"]) and owner in functions():
            assert variable in variables(functions()[owner]), owner


def _names_in(node: Any) -> Iterator[str]:
    for one in as_list(node):
        if isinstance(one, dict) and "Fn::GetAtt" in one:
            yield one["Fn::GetAtt"][0]
        elif isinstance(one, dict) and "Fn::Sub" in one:
            yield from re.findall(r"\$\{(\w+)", substituted(one))


def test_every_operation_is_routed_and_may_be_invoked() -> None:
    paths = resources("AWS::Serverless::Api")["Api"]["DefinitionBody"]["paths"]
    assert set(paths) == {*MERCHANT_PATHS, *ALIASES, *PAYERS_PATHS}
    expected = MERCHANT_PATHS | PAYERS_PATHS
    expected |= {alias: expected[f"{V1}/{name}"] for alias, name in ALIASES.items()}
    permitted = {
        (event["Properties"]["Path"], event["Properties"]["Method"]): name
        for name, function in functions().items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }
    for path, methods in paths.items():
        assert {name for name in methods if not name.startswith("x-")} == expected[path]
        for method in expected[path]:
            uri = substituted(methods[method]["x-amazon-apigateway-integration"]["uri"])
            assert f"${{{permitted[path, method]}.Arn}}" in uri
        refused = methods["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
        answer = refused["responses"]["default"]
        assert (refused["type"], answer["statusCode"]) == ("mock", "405")
        body = json.loads(answer["responseTemplates"]["application/json"])
        assert body["result"]["code"] == "V0006"


def test_the_gateways_own_answers_are_results() -> None:
    answers = resources("AWS::Serverless::Api")["Api"]["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED"} <= set(
        answers
    )
    for answer in answers.values():
        result = json.loads(answer["ResponseTemplates"]["application/json"])["result"]
        assert result["code"] in RESULT_CODES
        assert result["message"]


def test_who_calls_waits_longer_than_who_is_called() -> None:
    of_all = template()["Globals"]["Function"]["Timeout"]
    for name, function in functions().items():
        if any(event["Type"] == "Api" for event in function.get("Events", {}).values()):
            assert function.get("Timeout", of_all) < API_GATEWAY_TIMEOUT_S, name
    assert functions()["CreatePaymentFunction"]["Timeout"] > WORKFLOW_S


def test_a_payments_notices_are_told_one_after_the_other() -> None:
    queue = resources("AWS::SQS::Queue")["NoticesQueue"]
    assert (queue["FifoQueue"], queue["DeduplicationScope"]) == (True, "messageGroup")
    assert resources("AWS::SQS::Queue")["NoticesDeadLetters"]["FifoQueue"] is True
    notify = functions()["NotifyMerchantFunction"]
    assert notify["Events"]["Notices"]["Properties"]["BatchSize"] == 1
    assert queue["VisibilityTimeout"] >= 6 * notify["Timeout"], "AWS's advice for such queues"


def test_a_try_of_a_webhook_ends_before_its_function_does() -> None:
    for name in ("NotifyMerchantFunction", "RedeliverNoticeFunction"):
        assert functions()[name]["Timeout"] >= 2 * TIMEOUT_S, name


def test_what_begins_payments_leaves_room_for_what_finishes_them() -> None:
    every, begin = template()["Resources"]["Api"]["Properties"]["MethodSettings"]
    assert begin["ResourcePath"] == "/~1g2~1v1~1payment~1mer~1{sid}~1payment"
    assert (every["HttpMethod"], begin["HttpMethod"]) == ("*", "POST")
    assert begin["ThrottlingRateLimit"] < every["ThrottlingRateLimit"]
    assert begin["ThrottlingBurstLimit"] < every["ThrottlingBurstLimit"]


def test_streams_are_read_in_full_and_give_up_into_a_queue() -> None:
    for name in ("FanOutEventsFunction", "RecordPostingsFunction"):
        (event,) = functions()[name]["Events"].values()
        source = event["Properties"]
        assert source["StartingPosition"] == "TRIM_HORIZON"
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["DestinationConfig"]["OnFailure"]["Destination"] == {
            "Fn::GetAtt": ["StreamDeadLetters", "Arn"]
        }
        (pattern,) = (json.loads(one["Pattern"]) for one in source["FilterCriteria"]["Filters"])
        assert pattern == {"dynamodb": {"NewImage": {"t": {"S": ["p"]}}}}


@pytest.mark.parametrize("name", ["Table", "KmsKey", "FilesBucket"])
def test_what_cannot_be_made_again_is_kept(name: str) -> None:
    kept = template()["Resources"][name]
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_what_rests_is_encrypted_and_can_be_recovered() -> None:
    table = resources("AWS::DynamoDB::Table")["Table"]
    assert table["SSESpecification"]["SSEEnabled"] is True
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert resources("AWS::KMS::Key")["KmsKey"]["EnableKeyRotation"] is True
    bucket = resources("AWS::S3::Bucket")["FilesBucket"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    for name, queue in resources("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name


def test_logs_are_forgotten_in_time() -> None:
    for name, group in resources("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
    assert template()["Globals"]["Function"]["LoggingConfig"]["LogGroup"] == {"Ref": "FunctionLogs"}


def test_traces_are_on_and_hold_no_bodies() -> None:
    of_all = template()["Globals"]["Function"]
    assert of_all["Tracing"] == "Active"
    assert of_all["Environment"]["Variables"]["POWERTOOLS_TRACER_CAPTURE_RESPONSE"] == "false"
    assert of_all["Environment"]["Variables"]["POWERTOOLS_TRACER_CAPTURE_ERROR"] == "false"
    assert resources("AWS::Serverless::Api")["Api"]["TracingEnabled"] is True


def test_the_local_build_can_do_without_what_it_drops() -> None:
    """What the embedded AWS refuses is at the edge: nothing else refers to it."""
    dropped = {
        name for name, made in template()["Resources"].items() if made["Type"] in REFUSED_TYPES
    }
    assert dropped == {"PaymentTraces", "WebAclAssociation"}
