"""What is taken out of the built template, and only that."""

from pathlib import Path
from typing import Any

import pytest

from local.build import REFUSED_TYPES, fingerprint, without_refused_types
from local.errors import LocalError

TABLE: dict[str, Any] = {"Type": "AWS::DynamoDB::Table"}
REFUSED: dict[str, Any] = {"Type": "AWS::WAFv2::WebACLAssociation"}


def test_refused_types_go_with_what_names_them() -> None:
    waiting = {**TABLE, "DependsOn": ["Protect", "Other"]}
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Protect": REFUSED, "Other": TABLE, "Waiting": waiting},
        "Outputs": {
            "Kept": {"Value": {"Fn::GetAtt": ["Other", "Arn"]}},
            "Gone": {"Value": {"Fn::Sub": "${Protect.Arn}/x"}},
        },
    }

    assert without_refused_types(template) == {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Other": TABLE, "Waiting": {**TABLE, "DependsOn": ["Other"]}},
        "Outputs": {"Kept": {"Value": {"Fn::GetAtt": ["Other", "Arn"]}}},
    }


@pytest.mark.parametrize(
    "reference",
    [{"Ref": "Protect"}, {"Fn::GetAtt": "Protect.Arn"}, {"Fn::Sub": ["${Protect}", {}]}],
)
def test_a_resource_that_needs_a_refused_one_is_an_error(reference: dict[str, Any]) -> None:
    needy = {**TABLE, "Properties": {"Tags": [{"Value": reference}]}}

    with pytest.raises(LocalError, match="Needy refers to Protect"):
        without_refused_types({"Resources": {"Protect": REFUSED, "Needy": needy}})


def test_nothing_that_a_payment_passes_is_on_the_list() -> None:
    services = {name.split("::")[1] for name in REFUSED_TYPES}

    assert services <= {"Logs", "ResourceGroups", "Transfer", "WAFv2", "XRay"}


def test_the_fingerprint_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}")
    (tmp_path / "functions").mkdir()
    handler = tmp_path / "functions" / "app.py"
    handler.write_text("one")
    first = fingerprint(tmp_path)

    (tmp_path / "functions" / "__pycache__").mkdir()
    (tmp_path / "functions" / "__pycache__" / "app.pyc").write_text("compiled")
    assert fingerprint(tmp_path) == first

    handler.write_text("two")
    assert fingerprint(tmp_path) != first
