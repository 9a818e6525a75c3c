"""State machines and code agree: names of errors, functions, who may be tried again."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any

import pytest

import tidegate.domain
from tests.template.reading import MACHINE, machines, resources, states
from tidegate.domain.errors import TidegateError
from tidegate.services.limits import ATTEMPT_S, WORKFLOW_S

AWS_ERRORS = {"States.ALL", "States.Timeout", "Lambda.TooManyRequestsException"}
NOTHING_SENT = {"Lambda.TooManyRequestsException", "NotSent"}


def our_errors() -> set[str]:
    """The names of all errors of the domain."""
    for module in pkgutil.iter_modules(tidegate.domain.__path__):
        importlib.import_module(f"tidegate.domain.{module.name}")

    def below(kind: type[TidegateError]) -> set[str]:
        return {kind.__name__}.union(*(below(one) for one in kind.__subclasses__()))

    return below(TidegateError)


def handlers_of(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [*state.get("Retry", ()), *state.get("Catch", ())]


@pytest.mark.parametrize("file", machines())
def test_every_error_that_is_caught_can_be_raised(file: str) -> None:
    known = our_errors() | AWS_ERRORS
    for name, state, _ in states(machines()[file]):
        for handler in handlers_of(state):
            assert set(handler["ErrorEquals"]) <= known, name


@pytest.mark.parametrize("file", machines())
def test_every_way_leads_to_a_state(file: str) -> None:
    assert machines()[file]["StartAt"] in machines()[file]["States"]
    for name, state, beside in states(machines()[file]):
        ways = [state.get("Next"), state.get("Default")]
        ways += [one["Next"] for one in (*state.get("Choices", ()), *state.get("Catch", ()))]
        assert {way for way in ways if way} <= set(beside), name
        assert bool(state.get("End")) != any(ways), name


@pytest.mark.parametrize("file", machines())
def test_states_all_comes_last(file: str) -> None:
    """Step Functions takes the first that matches."""
    for name, state, _ in states(machines()[file]):
        for kind in ("Retry", "Catch"):
            for handler in state.get(kind, ())[:-1]:
                assert handler["ErrorEquals"] != ["States.ALL"], name


@pytest.mark.parametrize("name", resources(MACHINE))
def test_a_machine_is_told_its_functions_and_may_invoke_them(name: str) -> None:
    machine = resources(MACHINE)[name]
    definition = str(machines()[machine["DefinitionUri"].removeprefix("statemachines/")])
    given = machine["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", definition)) == set(given)
    invoked = {arn["Fn::GetAtt"][0] for arn in given.values()}
    assert {key.removesuffix("Arn") for key in given} == invoked
    allowed = {
        policy["LambdaInvokePolicy"]["FunctionName"]["Ref"]
        for policy in machine["Policies"]
        if "LambdaInvokePolicy" in policy
    }
    assert allowed == invoked


def test_no_machine_logs_what_it_carries() -> None:
    for name, machine in resources(MACHINE).items():
        assert machine.get("Logging", {}).get("IncludeExecutionData", False) is False, name


def test_a_payments_tasks_are_tried_again_only_when_nothing_was_sent() -> None:
    """Money rule 8: every other failure is unknown."""
    for name, state, _ in states(machines()["payment.asl.json"]):
        for retry in state.get("Retry", ()):
            assert set(retry["ErrorEquals"]) <= NOTHING_SENT, name


def test_an_authorization_that_failed_anyhow_is_reversed() -> None:
    authorize = machines()["payment.asl.json"]["States"]["Authorize"]
    another_route, unknown = authorize["Catch"]
    assert set(another_route["ErrorEquals"]) == NOTHING_SENT
    assert (unknown["ErrorEquals"], unknown["Next"]) == (["States.ALL"], "Reverse")
    assert authorize["TimeoutSeconds"] > ATTEMPT_S


def test_a_payment_is_answered_in_time() -> None:
    payment = machines()["payment.asl.json"]
    assert payment["TimeoutSeconds"] == WORKFLOW_S
    assert resources(MACHINE)["PaymentStateMachine"]["Type"] == "EXPRESS"


def test_what_stays_unknown_is_said_so() -> None:
    """The workflow itself must not fail because a reversal did."""
    reverse = machines()["payment.asl.json"]["States"]["Reverse"]
    (caught,) = reverse["Catch"]
    assert caught["ErrorEquals"] == ["States.ALL"]
    assert caught["Output"] == {"outcome": "unknown"}
