"""Alarms and the dashboard watch metrics that exist."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.template.reading import ROOT, resources, substituted, template
from tidegate.domain.errors import SignatureRejected
from tidegate.runtime.audit import KINDS

COUNTED = re.compile(r'\bcount\("(\w+)"(?P<rest>.*)\)')


def emitted() -> dict[str, set[str]]:
    """Our own metrics as the functions emit them: name and dimensions."""
    found = {}
    for app in (ROOT / "functions").glob("*/app.py"):
        for call in COUNTED.finditer(app.read_text()):
            found[call[1]] = {"stage", *re.findall(r"(\w+)=", call["rest"])}
    return found


def alarms() -> dict[str, dict[str, Any]]:
    return resources("AWS::CloudWatch::Alarm")


def dashboard() -> dict[str, Any]:
    """The body with every reference replaced by its own name."""
    body = substituted(resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"])
    parsed: dict[str, Any] = json.loads(re.sub(r"\$\{([\w:.]+)\}", r"\1", body))
    return parsed


def test_alarms_on_our_own_metrics_name_them_as_they_are_emitted() -> None:
    own = {name: alarm for name, alarm in alarms().items() if alarm["Namespace"] == "Tidegate"}
    assert {alarm["MetricName"] for alarm in own.values()} == {
        "DueItemsOpen",
        "NoticesParked",
        "OpenBreaks",
    }
    for name, alarm in own.items():
        dimensions = {one["Name"] for one in alarm["Dimensions"]}
        assert dimensions == emitted()[alarm["MetricName"]], name


def test_every_network_has_an_alarm_for_its_breaks() -> None:
    networks = template()["Globals"]["Function"]["Environment"]["Variables"]["NETWORKS"].split(",")
    watched = [
        one["Value"]
        for alarm in alarms().values()
        if alarm["MetricName"] == "OpenBreaks"
        for one in alarm["Dimensions"]
        if one["Name"] == "network"
    ]
    assert sorted(watched) == sorted(networks)


def test_every_dead_letter_queue_and_every_batch_workflow_has_an_alarm() -> None:
    watched = json.dumps([alarm.get("Dimensions") for alarm in alarms().values()])
    for queue in resources("AWS::SQS::Queue"):
        if queue.endswith("DeadLetters"):
            assert f'"{queue}"' in watched
    for name, machine in resources("AWS::Serverless::StateMachine").items():
        if machine["Type"] == "STANDARD":
            assert f'"{name}"' in watched


def test_every_alarm_tells_the_operators() -> None:
    for name, alarm in alarms().items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmsTopic"}], name
        assert alarm["AlarmDescription"].endswith("."), name


def test_the_dashboard_shows_every_alarm_and_known_metrics() -> None:
    widgets = dashboard()["widgets"]
    (shown,) = (one["properties"]["alarms"] for one in widgets if one["type"] == "alarm")
    assert sorted(shown) == sorted(f"{name}.Arn" for name in alarms())
    own = [
        metric[1]
        for widget in widgets
        for metric in widget["properties"].get("metrics", ())
        if metric[0] == "Tidegate"
    ]
    assert set(own) == set(emitted())


def test_the_janitor_that_does_not_run_is_an_alarm() -> None:
    assert alarms()["OpenIntentsAlarm"]["TreatMissingData"] == "breaching"


def test_forgeries_are_counted_from_the_audit_records() -> None:
    """The filter and the alarm name what ``runtime/audit.py`` writes."""
    (counted,) = (
        one for one in resources("AWS::Logs::MetricFilter").values() if "audit" in str(one)
    )
    assert counted["FilterPattern"] == '{ $.message = "audit" }'
    (metric,) = counted["MetricTransformations"]
    assert metric["Dimensions"] == [{"Key": "kind", "Value": "$.kind"}]
    alarm = alarms()["ForgeriesAlarm"]
    assert alarm["MetricName"] == metric["MetricName"]
    assert alarm["Dimensions"] == [{"Name": "kind", "Value": KINDS[SignatureRejected]}]
