"""Each function may do what its code does, and nothing else; what is secret is in KMS and Secrets
Manager alone.

What the code does is read off the code itself (``calls.py``), by following everything that may run
from a handler to the clients of AWS.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from tests.template import calls
from tests.template.reading import (
    MACHINE,
    ROOT,
    as_list,
    functions,
    resources,
    statements,
    substituted,
    template,
    variables,
)

pytestmark = pytest.mark.xdist_group("iam")  # whose way through the code is followed once
Call = tuple[str, str]
NEVER = {
    ("CapturePaymentFunction", "secretsmanager:GetSecretValue"): (
        "a wallet's payment is captured when it is paid, so none is ever captured here"
    ),
}
"""What the code's way leads to, but no payment's."""
OF_LAMBDA = {
    ("FanOutEventsFunction", "sqs:SendMessage", "StreamDeadLetters"),
    ("RecordPostingsFunction", "sqs:SendMessage", "StreamDeadLetters"),
}
"""Lambda itself does it in the function's name: it gives up a stream's records."""
SECRET_NAMES = re.compile(r"secret|password|private|tokens?(?!s?_?url)|credential|sign_?key", re.I)


@cache
def done() -> dict[str, dict[str, Any]]:
    """What every function's code may call, from a process of its own."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.template.calls"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'tidegate'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, dict[str, Any]] = json.loads(found.stdout)
    return answer


def called(name: str) -> dict[Call, str]:
    """(action, resource) -> the way that leads there."""
    ways = {(action, resource): way for action, resource, way in done()[name]["calls"]}
    return {call: way for call, way in ways.items() if (name, call[0]) not in NEVER}


def allowed(name: str) -> set[Call]:
    """The function's policies."""
    return {
        (action, resource_name(resource))
        for owner, statement in statements()
        if owner == name
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if (name, action, resource_name(resource)) not in OF_LAMBDA
    }


def resource_name(resource: Any) -> str:
    """As ``calls.py`` names it."""
    if "Ref" in resource:
        return str(resource["Ref"])
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    text = substituted(resource)
    if ":execution:" in text:
        return "executions"
    if text == "${Table.Arn}/index/due":
        return "Table/due"
    named: list[str] = re.findall(r"\$\{(\w+)", text)
    return named[0] if text.startswith("${") else named[-1]


@pytest.mark.parametrize("name", functions())
def test_nothing_is_called_that_is_not_allowed(name: str) -> None:
    missing = {call: way for call, way in called(name).items() if call not in allowed(name)}
    assert missing == {}


@pytest.mark.parametrize("name", functions())
def test_nothing_is_allowed_that_is_not_called(name: str) -> None:
    spare = allowed(name) - set(called(name))
    if ("s3:GetObject", "FilesBucket") in called(name):
        spare.discard(("s3:ListBucket", "FilesBucket"))  # else an absent object is "forbidden"
    assert spare == set()


def test_nothing_was_lost_on_the_way() -> None:
    """Each call was followed to one method, and each client to one resource."""
    assert {name: one["lost"] for name, one in done().items() if one["lost"]} == {}
    unclear = [(name, one) for name, of in done().items() for one in of["calls"] if one[1] == "?"]
    assert unclear == []


def test_what_every_payment_needs_is_seen() -> None:
    """The way through the code finds what is known to be done, so it is not blind."""
    assert set(called("CreatePaymentFunction")) == {
        ("dynamodb:BatchGetItem", "Table"),
        ("dynamodb:GetItem", "Table"),
        ("dynamodb:PutItem", "Table"),
        ("dynamodb:UpdateItem", "Table"),
        ("kms:Decrypt", "CardInfoKey"),
        ("kms:Decrypt", "KmsKey"),
        ("kms:GenerateDataKey", "KmsKey"),
        ("states:StartSyncExecution", "PaymentStateMachine"),
    }
    assert called("ShowPaymentPageFunction") == {}
    assert ("secretsmanager:GetSecretValue", "WalletSecret") in called("AuthorizePaymentFunction")
    assert ("s3:PutObject", "FilesBucket") in called("SettleBatchFunction")
    assert not [call for call in called("GetPaymentFunction") if "Update" in call[0]]


def test_the_end_of_the_way_is_what_it_is_taken_for() -> None:
    """``Table`` and ``Transaction`` ask DynamoDB for what ``ACTIONS`` says, and are the only ones
    who talk to it."""
    source = ROOT / "layers" / "tidegate" / "tidegate" / "adapters" / "dynamodb" / "table.py"
    asked = {
        f"{kind.name}.{method.name}": {
            ast.unparse(node.args[0]).strip("'")
            for node in ast.walk(method)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func).endswith("_client.call")
        }
        for kind in ast.parse(source.read_text()).body
        if isinstance(kind, ast.ClassDef) and kind.name in calls.BENEATH
        for method in kind.body
        if isinstance(method, ast.FunctionDef)
    }
    requests = {
        "Table.get": {"GetItem"},
        "Table.put": {"PutItem"},
        "Table.update": {"UpdateItem"},
        "Table.query": {"Query"},
        "Table._batch_get": {"BatchGetItem"},
        "Table.batch_put": {"BatchWriteItem"},
        "Transaction.commit": {"TransactWriteItems"},
    }
    assert {name: operations for name, operations in asked.items() if operations} == requests
    for module in source.parent.glob("*.py"):
        if module != source:
            assert ".call(" not in module.read_text(), module.name


@pytest.mark.parametrize("name", resources(MACHINE))
def test_a_state_machine_invokes_the_functions_it_names(name: str) -> None:
    machine = resources(MACHINE)[name]
    invoked = {
        policy["LambdaInvokePolicy"]["FunctionName"]["Ref"]
        for policy in machine["Policies"]
        if "LambdaInvokePolicy" in policy
    }
    named = {one["Fn::GetAtt"][0] for one in machine["DefinitionSubstitutions"].values()}
    assert invoked == named


def test_no_policy_and_no_key_policy_names_everybody() -> None:
    for name, key in resources("AWS::KMS::Key").items():
        for statement in key["KeyPolicy"]["Statement"]:
            principal = substituted(statement["Principal"]["AWS"])
            assert principal.endswith("${AWS::AccountId}:root"), name
    for owner, statement in statements():
        assert "Principal" not in statement, owner
        assert "NotAction" not in statement, owner
        assert "NotResource" not in statement, owner


def test_no_secret_is_a_parameter_a_variable_or_an_output() -> None:
    """What a deployment, a console or ``describe-stacks`` shows is names and addresses."""
    held = template()
    assert not [name for name in held["Parameters"] if SECRET_NAMES.search(name)]
    for name, function in functions().items():
        for variable, value in variables(function).items():
            if SECRET_NAMES.search(variable):
                assert variable == "WALLET_SECRET_ARN", name
                assert value == {"Ref": "WalletSecret"}, "its address, not what it holds"
    assert {name for name in held["Outputs"] if SECRET_NAMES.search(name)} == {"WalletSecretArn"}
    text = (ROOT / "template.yaml").read_text()
    assert "resolve:secretsmanager" not in text, "a secret in a property is shown with it"
    assert "resolve:ssm" not in text
    assert resources("AWS::SecretsManager::Secret")["WalletSecret"]["SecretString"] == "{}"


def test_no_secret_is_written_down_in_the_project() -> None:
    """Nothing that looks like a key in what is deployed or documented."""
    pem = r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\n[A-Za-z0-9+/=\s]{60}"
    private = re.compile(pem + r"|AKIA[0-9A-Z]{16}")
    for folder in ("layers/tidegate", "functions", "local", "docs", "statemachines", "events"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "node_modules" not in file.parts and file.suffix != ".pyc":
                assert not private.search(file.read_text(errors="replace")), file
