"""Pages that are made from the code say what the code says."""

from __future__ import annotations

from local.documents import RESULT_CODES_PAGE, result_codes


def test_the_page_of_result_codes_is_that_of_the_table() -> None:
    assert RESULT_CODES_PAGE.read_text() == result_codes(), "run python -m local.documents"
