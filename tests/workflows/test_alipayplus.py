"""The gateway's Alipay+ against the sandbox's wallet, over real sockets: both sides' books agree,
whatever gets lost or altered between them."""

from __future__ import annotations

import http.client
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from tests.sandbox.process import SandboxProcess
from tests.support.listener import listening
from tidegate.domain.errors import NotSent, Unanswered
from tidegate.domain.message import CardAcceptor
from tidegate.domain.money import Money
from tidegate.domain.wallet import WalletAnswer, WalletNotice, WalletOrder, WalletRefund
from tidegate.networks.alipayplus.client import AlipayPlus
from tidegate.ports_wallets import Wallet

CLIENT_ID = "TIDEGATE-SANDBOX"
PATIENCE_S, SHORT_S = 5.0, 0.4
PAYS, CONFIRMS = "2812345678901234", "2912345678901211"


@dataclass
class Stand:
    """A running wallet, and how to reach it."""

    host: SandboxProcess
    keys: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.host.ports['http']}"

    def client(self, url: str | None = None, keys: Path | None = None) -> AlipayPlus:
        folder = keys or self.keys
        return AlipayPlus(
            url or self.url,
            CLIENT_ID,
            (folder / "gateway.key.pem").read_bytes(),
            (folder / "wallet.pub.pem").read_bytes(),
        )

    def booked(self, kind: str, request_id: str) -> list[dict[str, Any]]:
        rows = self.host.http("GET", "/books").json()[kind]
        return [row for row in rows if row["request_id"] == request_id]

    def with_faults(self, **faults: int) -> None:
        assert self.host.http("POST", "/faults", json=faults).status_code == 204


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("alipayplus")
    host = SandboxProcess("alipayplus", folder / "state", "--keys", str(folder / "keys"))
    with host:
        yield Stand(host, folder / "keys")


@pytest.fixture
def wallet(stand: Stand) -> Wallet:
    return stand.client()


def an_order(
    scenario: Literal["redirect", "CPM", "MPM"], minor: int = 3_100, **others: Any
) -> WalletOrder:
    order = WalletOrder(
        request_id=uuid.uuid4().hex,
        amount=Money(minor, "HKD"),
        scenario=scenario,
        acceptor=CardAcceptor("M1", "Tea House", "Hong Kong", "344", "5411"),
        store_id="S1",
        title="Two teas",
        expires_at=int(time.time()) + 600,
        notify_url="http://127.0.0.1:9/notice",
        brand=None if scenario == "CPM" else "AlipayHK",
        payment_code=PAYS if scenario == "CPM" else None,
        return_url="https://shop.example/back" if scenario == "redirect" else None,
    )
    return replace(order, **others)


def a_refund(order: WalletOrder, minor: int, paid: WalletAnswer | None = None) -> WalletRefund:
    reference = paid.answer.scheme_reference if paid else None
    return WalletRefund(uuid.uuid4().hex, order.request_id, reference, Money(minor, "HKD"))


def paid_by_code(wallet: Wallet, minor: int = 3_100) -> tuple[WalletOrder, WalletAnswer]:
    order = an_order("CPM", minor)
    answer = wallet.pay(order, timeout_s=PATIENCE_S)
    assert answer.answer.approved
    return order, answer


class TestPayments:
    @pytest.mark.parametrize(
        ("choice", "outcome", "decline"),
        [("pay", "approved", None), ("decline", "declined", "I0093")],
    )
    def test_redirect(self, wallet: Wallet, choice: str, outcome: str, decline: str | None) -> None:
        order = an_order("redirect")
        answer = wallet.pay(order, timeout_s=PATIENCE_S)
        assert answer.answer.pending
        assert answer.action is not None
        assert (answer.action.type, answer.action.data["method"]) == ("redirectUser", "GET")
        before = wallet.inquire(order.request_id, timeout_s=PATIENCE_S)
        assert before.answer.pending
        gone = httpx.post(answer.action.data["url"], data={"do": choice})
        assert gone.headers["location"] == order.return_url
        after = wallet.inquire(order.request_id, timeout_s=PATIENCE_S)
        assert (after.answer.outcome, after.answer.decline) == (outcome, decline)
        assert after.answer.scheme_reference == answer.answer.scheme_reference

    def test_the_payer_of_alipay_plus_says_which_wallet_it_was(self, wallet: Wallet) -> None:
        order = an_order("redirect", brand="Alipayplus")
        answer = wallet.pay(order, timeout_s=PATIENCE_S)
        assert answer.brand is None
        assert answer.action is not None
        httpx.post(answer.action.data["url"], data={"do": "pay", "method": "TRUEMONEY"})
        assert wallet.inquire(order.request_id, timeout_s=PATIENCE_S).brand == "TrueMoney"

    def test_mpm(self, wallet: Wallet) -> None:
        order = an_order("MPM", brand="GCash")
        answer = wallet.pay(order, timeout_s=PATIENCE_S)
        assert answer.answer.pending
        assert answer.action is not None
        assert answer.action.type == "presentQRCode"
        expiry = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(order.expires_at))
        assert answer.action.data["expiredAt"] == expiry
        scanned = httpx.get(answer.action.data["qrCode"], follow_redirects=True)
        assert "HKD 31.00" in scanned.text
        httpx.post(scanned.url, data={"do": "pay"})
        found = wallet.inquire(order.request_id, timeout_s=PATIENCE_S)
        assert (found.answer.outcome, found.brand) == ("approved", "GCash")

    def test_cpm(self, wallet: Wallet) -> None:
        order, answer = paid_by_code(wallet)
        assert (answer.brand, answer.action) == ("Alipay", None)
        assert wallet.pay(order, timeout_s=PATIENCE_S) == answer

    @pytest.mark.parametrize(
        ("code", "decline"), [("2812345678901200", "I0111"), ("2812345678901251", "I0051")]
    )
    def test_a_refused_code(self, wallet: Wallet, code: str, decline: str) -> None:
        order = an_order("CPM", payment_code=code)
        answer = wallet.pay(order, timeout_s=PATIENCE_S).answer
        assert (answer.outcome, answer.decline) == ("declined", decline)
        found = wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer
        assert (found.outcome, found.decline) == ("declined", decline)

    def test_a_code_to_be_confirmed_is_pending_until_it_is(
        self, stand: Stand, wallet: Wallet
    ) -> None:
        order = an_order("CPM", payment_code=CONFIRMS)
        answer = wallet.pay(order, timeout_s=PATIENCE_S)
        assert answer.answer.pending
        assert answer.brand == "AlipayHK"
        assert answer.action is not None
        assert answer.action.type == "promptUser"
        for _ in range(3):
            assert wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer.pending
        reference = answer.answer.scheme_reference
        stand.host.http("POST", f"/pay/{reference}", data={"do": "pay"})
        assert wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer.approved

    def test_an_expired_order_is_declined(self, wallet: Wallet) -> None:
        order = an_order("redirect", expires_at=int(time.time()) + 1)
        assert wallet.pay(order, timeout_s=PATIENCE_S).answer.pending
        time.sleep(1.2)
        found = wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer
        assert (found.outcome, found.decline) == ("declined", "P0098")

    def test_an_order_that_never_was(self, wallet: Wallet) -> None:
        assert wallet.inquire("never", timeout_s=PATIENCE_S).answer.outcome == "declined"
        assert wallet.inquire_refund("never", timeout_s=PATIENCE_S).answer.outcome == "declined"
        assert wallet.cancel("never", timeout_s=PATIENCE_S)

    def test_an_id_used_for_another_order_says_nothing_of_the_first(self, wallet: Wallet) -> None:
        order, _ = paid_by_code(wallet)
        with pytest.raises(Unanswered):
            wallet.pay(replace(order, amount=Money(1, "HKD")), timeout_s=PATIENCE_S)
        assert wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer.approved


class TestCancelAndRefund:
    @pytest.mark.parametrize("code", [PAYS, CONFIRMS])
    def test_cancel(self, stand: Stand, wallet: Wallet, code: str) -> None:
        order = an_order("CPM", payment_code=code)
        wallet.pay(order, timeout_s=PATIENCE_S)
        assert wallet.cancel(order.request_id, timeout_s=PATIENCE_S)
        assert wallet.cancel(order.request_id, timeout_s=PATIENCE_S)
        found = wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer
        assert (found.outcome, found.decline) == ("declined", "P0098")
        assert [row["status"] for row in stand.booked("orders", order.request_id)] == ["CANCELLED"]

    def test_a_refunded_order_is_not_cancelled(self, wallet: Wallet) -> None:
        order, paid = paid_by_code(wallet)
        assert wallet.refund(a_refund(order, 100, paid), timeout_s=PATIENCE_S).answer.approved
        assert not wallet.cancel(order.request_id, timeout_s=PATIENCE_S)

    def test_refunds(self, stand: Stand, wallet: Wallet) -> None:
        order, paid = paid_by_code(wallet, 3_000)
        first = a_refund(order, 1_000, paid)
        answer = wallet.refund(first, timeout_s=PATIENCE_S)
        assert answer.answer.approved
        assert wallet.refund(first, timeout_s=PATIENCE_S) == answer
        too_much = wallet.refund(a_refund(order, 2_001, paid), timeout_s=PATIENCE_S).answer
        assert (too_much.outcome, too_much.decline) == ("declined", "B0013")
        assert wallet.refund(a_refund(order, 2_000), timeout_s=PATIENCE_S).answer.approved
        found = wallet.inquire_refund(first.request_id, timeout_s=PATIENCE_S).answer
        assert found == answer.answer
        [row] = stand.booked("orders", order.request_id)
        assert (row["status"], row["refunded_minor"]) == ("SUCCESS", 3_000)


class TestLostAndAltered:
    @pytest.mark.parametrize(("minor", "outcome"), [(1_062, "approved"), (1_068, "declined")])
    def test_an_unanswered_payment_is_cleared_up_by_inquiry(
        self, wallet: Wallet, minor: int, outcome: str
    ) -> None:
        order = an_order("CPM", minor)
        with pytest.raises(Unanswered):
            wallet.pay(order, timeout_s=PATIENCE_S)
        found = wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer
        assert found.outcome == outcome
        assert wallet.cancel(order.request_id, timeout_s=PATIENCE_S)
        assert not wallet.inquire(order.request_id, timeout_s=PATIENCE_S).answer.approved

    @pytest.mark.parametrize(("minor", "outcome"), [(162, "approved"), (168, "declined")])
    def test_an_unanswered_refund_is_cleared_up_by_inquiry(
        self, wallet: Wallet, minor: int, outcome: str
    ) -> None:
        order, paid = paid_by_code(wallet)
        refund = a_refund(order, minor, paid)
        with pytest.raises(Unanswered):
            wallet.refund(refund, timeout_s=PATIENCE_S)
        found = wallet.inquire_refund(refund.request_id, timeout_s=PATIENCE_S).answer
        assert found.outcome == outcome

    def test_an_answer_that_comes_late_is_none(self, stand: Stand, wallet: Wallet) -> None:
        order = an_order("CPM")
        stand.with_faults(delay_ms=1_000)
        began = time.monotonic()
        with pytest.raises(Unanswered):
            wallet.pay(order, timeout_s=SHORT_S)
        assert time.monotonic() - began < 2 * SHORT_S
        stand.with_faults()
        assert len(stand.booked("orders", order.request_id)) == 1

    @pytest.mark.parametrize("fault", ["drop_next_requests", "drop_next_answers"])
    def test_the_second_try_after_a_loss_is_one_payment(
        self, stand: Stand, wallet: Wallet, fault: str
    ) -> None:
        order = an_order("CPM")
        stand.with_faults(**{fault: 1})
        with pytest.raises(Unanswered):
            wallet.pay(order, timeout_s=PATIENCE_S)
        assert wallet.pay(order, timeout_s=PATIENCE_S).answer.approved
        assert len(stand.booked("orders", order.request_id)) == 1

    def test_nobody_there_is_not_sent(self, stand: Stand) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            wallet = stand.client(f"http://127.0.0.1:{free.getsockname()[1]}")
            with pytest.raises(NotSent):
                wallet.pay(an_order("CPM"), timeout_s=PATIENCE_S)

    @pytest.mark.parametrize(
        "alter",
        [
            lambda headers, body: (headers, body.replace(b'"F"', b'"S"')),
            lambda headers, body: (headers | {"Signature": ""}, body),
            lambda headers, body: (headers | {"Response-Time": "2020-01-01T00:00:00Z"}, body),
            lambda headers, body: (headers, body[:-1]),
            lambda headers, body: (headers, b"<html>Bad gateway</html>"),
        ],
    )
    def test_an_altered_answer_is_unknown(
        self, stand: Stand, alter: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]
    ) -> None:
        order = an_order("CPM", payment_code="2812345678901251")
        with between(stand, alter) as url:
            client = stand.client(url)
            with pytest.raises(Unanswered):
                client.pay(order, timeout_s=PATIENCE_S)
            with pytest.raises(Unanswered):
                client.refund(a_refund(order, 1), timeout_s=PATIENCE_S)
        assert [row["status"] for row in stand.booked("orders", order.request_id)] == ["FAIL"]

    def test_an_unaltered_answer_passes_the_same_way(self, stand: Stand) -> None:
        with between(stand, lambda headers, body: (headers, body)) as url:
            assert stand.client(url).pay(an_order("CPM"), timeout_s=PATIENCE_S).answer.approved

    def test_the_answer_to_another_order_is_unknown(self, stand: Stand, wallet: Wallet) -> None:
        """Both were signed by the wallet, just now."""
        recorded: list[tuple[dict[str, str], bytes]] = []

        def replay(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
            recorded.append((headers, body))
            return recorded[0]

        with between(stand, replay) as url:
            client = stand.client(url)
            assert client.pay(an_order("CPM"), timeout_s=PATIENCE_S).answer.approved
            poor = an_order("CPM", payment_code="2812345678901251")
            with pytest.raises(Unanswered):
                client.pay(poor, timeout_s=PATIENCE_S)

    def test_a_key_that_the_wallet_does_not_know_pays_nothing(
        self, stand: Stand, tmp_path: Path
    ) -> None:
        other = SandboxProcess("alipayplus", tmp_path / "s", "--keys", str(tmp_path / "keys"))
        with other:
            (tmp_path / "keys" / "wallet.pub.pem").write_bytes(
                (stand.keys / "wallet.pub.pem").read_bytes()
            )
            order = an_order("CPM")
            client = stand.client(keys=tmp_path / "keys")
            answer = client.pay(order, timeout_s=PATIENCE_S).answer
        assert (answer.response_code, answer.decline) == ("INVALID_SIGNATURE", "P0000")
        assert stand.booked("orders", order.request_id) == []


class TestNotices:
    def test_a_result_is_told_believed_and_acknowledged(self, stand: Stand, wallet: Wallet) -> None:
        told: list[WalletNotice] = []

        def take(path: str, headers: Message, body: bytes) -> tuple[int, dict[str, str], bytes]:
            lower = {name.lower(): value for name, value in headers.items()}
            told.append(wallet.read_notice(path, lower, body))
            return 200, *wallet.acknowledge(path)

        with listening(take) as url:
            order = an_order("MPM", notify_url=f"{url}/g2/wallets/alipayplus/S1/t-1")
            action = wallet.pay(order, timeout_s=PATIENCE_S).action
            assert action is not None
            page = httpx.get(action.data["qrCode"], follow_redirects=True)
            assert re.search(r"<button type='submit' name='do' value='pay'>Pay</button>", page.text)
            httpx.post(page.url, data={"do": "pay"})
            deadline = time.monotonic() + PATIENCE_S
            acknowledged = False
            while not acknowledged and time.monotonic() < deadline:
                time.sleep(0.05)
                [row] = stand.booked("orders", order.request_id)
                acknowledged = row["acknowledged"]
        assert acknowledged
        [notice] = told
        assert notice.request_id == order.request_id
        assert notice.result.answer.approved
        assert notice.result.brand == "AlipayHK"


@contextmanager
def between(
    stand: Stand, alter: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]
) -> Iterator[str]:
    """Somebody between us and the wallet who alters its answers; their address."""

    def pass_on(path: str, headers: Message, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", stand.host.ports["http"], timeout=5)
        connection.request("POST", path, body, dict(headers.items()))
        answer = connection.getresponse()
        content, given = answer.read(), dict(answer.headers.items())
        connection.close()
        signed = {name: given[name] for name in ("Response-Time", "Signature")}
        return 200, *alter(signed, content)

    with listening(pass_on) as url:
        yield url
