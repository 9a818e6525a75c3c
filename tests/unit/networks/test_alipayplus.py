"""Alipay+'s signatures against openssl's, and notices against everything."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.networks.wallet_samples import JSON
from tidegate.domain.errors import MalformedBody, SignatureRejected
from tidegate.domain.wallet import WalletNotice
from tidegate.networks.alipayplus.client import AlipayPlus
from tidegate.networks.alipayplus.signature import private_key, public_key, sign, verify

CLIENT, PATH, STAMP = "5Y00000000000000", "/ams/api/v1/payments/pay", "2026-03-04T06:00:00Z"
NOW = 1_772_604_000.0
"""STAMP as Unix seconds."""
BODY = '{"paymentRequestId":"r-1","note":"café ☕"}'.encode()


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["openssl", *arguments], input=stdin, capture_output=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both sides' pairs, made by openssl."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("gateway", "wallet"):
        key = str(folder / f"{name}.key.pem")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
        openssl("pkey", "-in", key, "-pubout", "-out", str(folder / f"{name}.pub.pem"))
    return folder


@pytest.fixture(scope="module")
def wallet(pem: Path) -> AlipayPlus:
    gateway, other = (pem / "gateway.key.pem").read_bytes(), (pem / "wallet.pub.pem").read_bytes()
    return AlipayPlus("https://wallet.example", CLIENT, gateway, other, lambda: NOW)


def signed(pem: Path, path: str, stamp: str, body: bytes, client: str = CLIENT) -> str:
    """The header as openssl makes it."""
    content = f"POST {path}\n{client}.{stamp}.".encode() + body
    raw = openssl("dgst", "-sha256", "-sign", str(pem / "wallet.key.pem"), stdin=content)
    value = quote(base64.b64encode(raw).decode(), safe="")
    return f"algorithm=RSA256,keyVersion=1,signature={value}"


class TestSignature:
    def test_it_is_what_openssl_makes(self, pem: Path) -> None:
        key = private_key((pem / "wallet.key.pem").read_bytes())
        assert sign(key, PATH, CLIENT, STAMP, BODY) == signed(pem, PATH, STAMP, BODY)

    def test_openssl_finds_ours_right(self, pem: Path, tmp_path: Path) -> None:
        key = private_key((pem / "gateway.key.pem").read_bytes())
        header = sign(key, PATH, CLIENT, STAMP, BODY)
        found = re.fullmatch(r"algorithm=RSA256,keyVersion=1,signature=([A-Za-z0-9%]+)", header)
        assert found is not None
        (tmp_path / "signature").write_bytes(base64.b64decode(unquote(found[1])))
        content = f"POST {PATH}\n{CLIENT}.{STAMP}.".encode() + BODY
        public = str(pem / "gateway.pub.pem")
        given = ("dgst", "-sha256", "-verify", public, "-signature", str(tmp_path / "signature"))
        assert b"Verified OK" in openssl(*given, stdin=content)

    def test_openssls_is_believed_and_nothing_else(self, pem: Path) -> None:
        key, header = (
            public_key((pem / "wallet.pub.pem").read_bytes()),
            signed(pem, PATH, STAMP, BODY),
        )
        verify(key, header, PATH, CLIENT, STAMP, BODY)
        verify(key, header.replace(",", ", "), PATH, CLIENT, STAMP, BODY)
        right: dict[str, Any] = {"path": PATH, "client_id": CLIENT, "time": STAMP, "body": BODY}
        wrong: dict[str, Any] = {
            "path": PATH + "/",
            "client_id": "x",
            "time": "2026-03-04T06:00:01Z",
            "body": BODY + b" ",
        }
        for name, value in wrong.items():
            with pytest.raises(SignatureRejected):
                verify(key, header, **(right | {name: value}))
        other = public_key((pem / "gateway.pub.pem").read_bytes())
        with pytest.raises(SignatureRejected):
            verify(other, header, **right)

    @given(st.text())
    def test_any_other_header_is_rejected(self, pem: Path, header: str) -> None:
        key = public_key((pem / "wallet.pub.pem").read_bytes())
        for one in (header, f"algorithm=RSA256,keyVersion=1,signature={header}"):
            with pytest.raises(SignatureRejected):
                verify(key, one, PATH, CLIENT, STAMP, BODY)

    def test_keys_of_another_kind_are_refused(self, tmp_path: Path) -> None:
        key = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout")
        with pytest.raises(ValueError, match="RSA"):
            private_key(key)
        with pytest.raises(ValueError, match="RSA"):
            public_key(openssl("ec", "-pubout", stdin=key))


def notice(pem: Path, body: bytes, stamp: str = STAMP, path: str = "/hook") -> dict[str, str]:
    return {
        "client-id": CLIENT,
        "request-time": stamp,
        "signature": signed(pem, path, stamp, body),
    }


PAID = json.dumps(
    {
        "notifyType": "PAYMENT_RESULT",
        "result": {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"},
        "paymentRequestId": "pay-1",
        "paymentId": "2026w",
        "paymentAmount": {"currency": "HKD", "value": "3100"},
        "pspCustomerInfo": {"pspName": "ALIPAY_HK"},
    }
).encode()


class TestNotices:
    def test_a_result(self, wallet: AlipayPlus, pem: Path) -> None:
        read = wallet.read_notice("/hook", notice(pem, PAID), PAID)
        assert isinstance(read, WalletNotice)
        assert read.request_id == "pay-1"
        assert read.result.answer.approved
        assert (read.result.answer.scheme_reference, read.result.brand) == ("2026w", "AlipayHK")

    def test_a_pending_one_is_never_paid(self, wallet: AlipayPlus, pem: Path) -> None:
        body = PAID.replace(b"PAYMENT_RESULT", b"PAYMENT_PENDING")
        read = wallet.read_notice("/hook", notice(pem, body), body)
        assert read.result.answer.pending

    def test_a_failure(self, wallet: AlipayPlus, pem: Path) -> None:
        body = PAID.replace(b'"S"', b'"F"').replace(b"SUCCESS", b"ORDER_IS_CLOSED")
        read = wallet.read_notice("/hook", notice(pem, body), body)
        assert (read.result.answer.outcome, read.result.answer.decline) == ("declined", "P0098")

    @pytest.mark.parametrize(
        "stamp", ["2026-03-04T14:04:59+08:00", "2026-03-04T05:55:00Z", "1772604299000"]
    )
    def test_it_is_fresh_for_five_minutes(self, wallet: AlipayPlus, pem: Path, stamp: str) -> None:
        assert wallet.read_notice("/hook", notice(pem, PAID, stamp), PAID)

    @pytest.mark.parametrize(
        "stamp",
        ["2026-03-04T05:54:59Z", "2026-03-04T06:05:01Z", "2026-03-04T06:00:00", "", "9" * 400],
    )
    def test_a_stale_one_is_a_replay(self, wallet: AlipayPlus, pem: Path, stamp: str) -> None:
        with pytest.raises(SignatureRejected):
            wallet.read_notice("/hook", notice(pem, PAID, stamp), PAID)

    def test_everything_it_signs_counts(self, wallet: AlipayPlus, pem: Path) -> None:
        headers = notice(pem, PAID)
        wrong: list[tuple[str, dict[str, str], bytes]] = [
            ("/hook2", headers, PAID),
            ("/hook", headers, PAID.replace(b"3100", b"3101")),
            ("/hook", headers | {"client-id": "another"}, PAID),
            ("/hook", headers | {"request-time": "2026-03-04T06:00:01Z"}, PAID),
            ("/hook", {**headers, "signature": ""}, PAID),
            ("/hook", {}, PAID),
        ]
        for path, given_headers, body in wrong:
            with pytest.raises(SignatureRejected):
                wallet.read_notice(path, given_headers, body)

    @given(st.binary(max_size=64), st.dictionaries(st.text(max_size=16), st.text(max_size=64)))
    def test_unsigned_bytes_are_rejected(
        self, wallet: AlipayPlus, body: bytes, headers: dict[str, str]
    ) -> None:
        for given_headers in (headers, {"client-id": CLIENT, "request-time": STAMP} | headers):
            with pytest.raises(SignatureRejected):
                wallet.read_notice("/hook", given_headers, body)

    @given(
        st.binary(max_size=64)
        | JSON.map(lambda value: json.dumps(value).encode())
        | st.fixed_dictionaries(
            {"notifyType": st.sampled_from(["PAYMENT_RESULT", "OTHER"])},
            optional={"paymentRequestId": JSON, "result": JSON},
        ).map(lambda value: json.dumps(value).encode())
    )
    def test_signed_bytes_are_a_notice_or_malformed(
        self, wallet: AlipayPlus, pem: Path, body: bytes
    ) -> None:
        key = private_key((pem / "wallet.key.pem").read_bytes())
        headers = {
            "client-id": CLIENT,
            "request-time": STAMP,
            "signature": sign(key, "/hook", CLIENT, STAMP, body),
        }
        try:
            read = wallet.read_notice("/hook", headers, body)
        except MalformedBody:
            return
        assert read.result.answer.outcome in {"approved", "declined", "pending"}

    def test_the_acknowledgement_is_signed(self, wallet: AlipayPlus, pem: Path) -> None:
        headers, body = wallet.acknowledge("/hook")
        assert json.loads(body)["result"]["resultStatus"] == "S"
        key = public_key((pem / "gateway.pub.pem").read_bytes())
        verify(key, headers["Signature"], "/hook", CLIENT, headers["Response-Time"], body)
