"""The story of `make demo`, told on the tests' own stack: settlement, reconciliation, tampering."""

from __future__ import annotations

import pytest

from local import demo
from local.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("demo")]


def test_the_story_goes_as_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Stack(tmp_path_factory.mktemp("demo"), metered=True) as stack:
        assert demo.tell(stack) == 0
