"""The card form, filled as payers fill it."""

from __future__ import annotations

from playwright.sync_api import Page


def fill(page: Page, number: str, expiry: str = "1231", cvc: str = "123", holder: str = "") -> None:
    """Key by key."""
    for label, text in (
        ("Card number", number),
        ("Expiry date", expiry),
        ("Security code", cvc),
        ("Name on card", holder),
    ):
        page.get_by_label(label).press_sequentially(text)


def submit(page: Page) -> None:
    page.get_by_role("button", name="Pay HK$1,280.50").click()
