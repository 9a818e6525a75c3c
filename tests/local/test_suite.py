"""What the suite takes for granted of the tools that run it."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("kept together")
def test_a_groups_tests_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    """pytest-xdist knows a group by the end of its tests' names; where it cannot write there, it
    groups nothing and says nothing, and every worker starts every stack."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("no workers: run by make test")
    assert request.node.nodeid.endswith("@kept together")
