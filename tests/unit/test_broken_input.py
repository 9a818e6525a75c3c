"""Inputs that a parser once crashed, looped or talked over, each found by `make fuzz`."""

from __future__ import annotations

import base64
import io
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from sandbox.base2 import Base2
from sandbox.clearing import MalformedFile
from sandbox.ipm import Ipm
from sandbox.iso8583 import Message, Unreadable
from sandbox.mastercard import CODEC, MastercardLink
from sandbox.web import Exchange, json_object
from tests.fuzz.file_targets import FILE_ID, clearing_file, settlement_files
from tests.fuzz.wires import answering, served
from tests.support.memory import VISA_CARD, a_store
from tidegate import pages
from tidegate.adapters import kms
from tidegate.adapters.card_decryption import KmsCardDecryption
from tidegate.adapters.dynamodb.store_document import read_store, write_store
from tidegate.adapters.network_files import HttpNetworkFiles
from tidegate.adapters.rate_files import read_rates
from tidegate.api.evocloud.schemas.authentication import Browser
from tidegate.api.evocloud.schemas.payment_method import CardMethod, PaymentMethod
from tidegate.domain.errors import (
    DecryptionFailed,
    FileRejected,
    InvalidFormat,
    InvalidValue,
    MalformedBody,
    MissingField,
    TidegateError,
    Unanswered,
)
from tidegate.networks.alipayplus import messages
from tidegate.networks.clearing import format_of
from tidegate.networks.token_services import HttpTokenServices

DEEP = b"[" * 100_000
TODAY = date(2026, 11, 23)


class TestMerchants:
    def test_a_time_zone_beyond_all_numbers_is_none(self) -> None:
        assert Browser(timeZoneOffset=float("1e999")).read(None).time_zone_offset == 0

    @pytest.mark.parametrize(
        ("plain", "refusal"),
        [
            (b'{"cardNumber":"4761","expiryDate":"1249"}', InvalidValue),
            (b'{"cardNumber":"x","expiryDate":"1249"}', InvalidFormat),
            (b'{"cardNumber":7,"expiryDate":"1249"}', InvalidFormat),
            (DEEP, DecryptionFailed),
        ],
    )
    def test_encrypted_card_data_is_refused_like_any_other(
        self, plain: bytes, refusal: type[TidegateError]
    ) -> None:
        card = CardMethod(encryptedCardInfo=base64.b64encode(b"sealed").decode())
        method = PaymentMethod(type="card", card=card)
        opened = patch.object(kms, "decrypt_asymmetric", return_value=plain)
        with opened, pytest.raises(refusal):
            method.require_card(TODAY, KmsCardDecryption("key"))

    @pytest.mark.parametrize(
        ("code", "raised"),
        [
            ("InvalidCiphertextException", DecryptionFailed),
            ("ValidationException", DecryptionFailed),
            ("ThrottlingException", ClientError),
            ("AccessDeniedException", ClientError),
        ],
    )
    def test_only_what_kms_says_of_the_text_is_the_merchants_fault(
        self, code: str, raised: type[Exception]
    ) -> None:
        refusal = ClientError({"Error": {"Code": code, "Message": ""}}, "Decrypt")
        with patch.object(kms, "decrypt_asymmetric", side_effect=refusal), pytest.raises(raised):
            KmsCardDecryption("key")(base64.b64encode(b"sealed").decode())

    def test_an_asset_of_any_length_is_just_not_there(self) -> None:
        assert pages.asset("a" * 5000 + ".js") is None


class TestOperators:
    @pytest.mark.parametrize(
        "line",
        [
            f"{VISA_CARD},USD,HKD,7.8,ECB",
            f"2026-11-23,{VISA_CARD},HKD,7.8,ECB",
            f"2026-11-23,USD,HKD,{VISA_CARD},ECB",
        ],
    )
    def test_a_rate_file_never_quotes_a_card_number(self, line: str) -> None:
        with pytest.raises(FileRejected, match="line 2: '…'") as refused:
            read_rates(["date,base,quote,rate,source", line], 0)
        assert VISA_CARD not in str(refused.value)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"version": "x"},
            {"currencies": 5},
            {"currencies": [["HKD"]]},
            {"routes": {"Visa": 1}},
            {"routes": [1]},
            {"acceptor": "M1"},
            {"feePlans": [1]},
            {"feePlans": [{"version": 1, "default": {"percent": "1", "fixedMinor": []}}]},
            {"captureAfterHours": "24"},
            {"risk": [1]},
            {"risk": {"blockedBins": 7}},
            {"webhook": {}},
            {"timeZone": "America"},
            {"timeZone": "Asia/" * 1000},
            {"cutOff": "23:-01"},
            {"cutOff": "23:00:59"},
            {"timeZone": VISA_CARD},
            {"settlementCurrency": VISA_CARD},
        ],
    )
    def test_a_store_document_of_wrong_kinds_is_refused(self, wrong: dict[str, Any]) -> None:
        store = a_store()
        with pytest.raises((InvalidValue, MissingField)) as refused:
            read_store(write_store(store) | wrong, store.sign_keys, store.payout_account)
        assert VISA_CARD not in str(refused.value)


class TestNetworks:
    @pytest.mark.parametrize(
        "listed",
        [b"", b"{", b"7", b"[7]", b"[{}]", b'[{"file_id":7,"sha256":""}]', b"\xff", DEEP],
    )
    def test_a_list_of_files_that_cannot_be_read_is_refused(self, listed: bytes) -> None:
        files = HttpNetworkFiles({})
        with (
            patch.object(HttpNetworkFiles, "_call", return_value=listed),
            pytest.raises(FileRejected, match="visa offers files"),
        ):
            files.listed("visa")

    @pytest.mark.parametrize(
        "stamp",
        [
            "99999999999999999999",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+01:00",
            "9" * 400,
        ],
    )
    def test_a_moment_outside_of_time_cannot_be_read(self, stamp: str) -> None:
        with pytest.raises(MalformedBody):
            messages.seconds(stamp)

    @pytest.mark.parametrize("code", ["", "x" * 2049, "\ud800", "é", "a\nb"])
    def test_a_code_that_cannot_be_drawn_is_none(self, code: str) -> None:
        detail = {"codeValueType": "QRCODE", "codeValue": code}
        form = {"expireTime": "2026-03-04T06:10:00Z", "codeDetails": [detail]}
        with pytest.raises(MalformedBody, match="no QR code"):
            messages._code_to_show(form)

    def test_the_longest_code_can_be_drawn(self) -> None:
        assert pages.qr_svg("x" * 2048).startswith("<svg")

    @pytest.mark.parametrize(
        "body", [DEEP, b'{"cryptogramInfo":{"cryptogram":7,"eci":"05"}}', b'{"cryptogramInfo":[]}']
    )
    def test_a_token_services_answer_is_text_or_nothing(self, body: bytes) -> None:
        said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        service = HttpTokenServices({"Visa": "http://tokens.example"})
        with answering(said), pytest.raises(Unanswered):
            service.cryptogram("Visa", "ref-1", timeout_s=5)

    @pytest.mark.parametrize(("network", "at"), [("visa", 66), ("mastercard", None)])
    def test_a_trailer_is_never_quoted(self, network: str, at: int | None) -> None:
        content = settlement_files(network)[0]
        if network == "visa":
            lines = content.splitlines(keepends=True)
            lines[-2] = lines[-2][:at] + VISA_CARD[:15].encode() + lines[-2][81:]
            content = b"".join(lines)
        else:
            start = content.rindex("0301016".encode("cp500")) + 7
            content = content[:start] + VISA_CARD.encode("cp500") + content[start + 16 :]
        with pytest.raises(FileRejected, match="the amount total is not") as refused:
            list(format_of(network).read_settlement(io.BytesIO(content)))
        assert VISA_CARD[:12] not in str(refused.value)


class TestSandbox:
    @pytest.mark.parametrize("length", ["-07", "+03", " 12", "1_0", "999"])
    def test_a_forged_length_in_private_data_keeps_nobody_busy(self, length: str) -> None:
        honest, forged = "0023003CT6".encode("cp500"), f"0023{length}CT6".encode("cp500")
        content = clearing_file("mastercard")
        assert honest in content
        with pytest.raises(MalformedFile):
            Ipm().parse(content.replace(honest, forged), FILE_ID)

    @pytest.mark.parametrize("file_format", [Base2(), Ipm()])
    def test_an_honest_file_is_taken(self, file_format: Base2 | Ipm) -> None:
        network = "visa" if isinstance(file_format, Base2) else "mastercard"
        assert len(file_format.parse(clearing_file(network), FILE_ID)) == 2

    def test_an_empty_number_is_refused_and_the_refusal_can_be_written(self) -> None:
        whole = CODEC.encode(Message("0800", {7: "1123093015", 32: "1", 70: "001"}))
        empty = whole.replace("011".encode("cp500"), "00".encode("cp500"))
        with pytest.raises(Unreadable, match="other than digits") as refused:
            CODEC.decode(empty)
        assert MastercardLink().refuse(empty, refused.value)

    @pytest.mark.parametrize("body", [DEEP, b'{"a":"\\ud800"}', b"[]", b"\xff", b""])
    def test_what_is_no_object_is_none(self, body: bytes) -> None:
        assert json_object(body) is None

    def test_a_length_of_thousands_of_digits_is_too_large(self) -> None:
        said = b"POST / HTTP/1.1\r\nContent-Length: %b\r\n\r\n" % (b"9" * 5000)
        assert served(Exchange, said).startswith(b"HTTP/1.1 413 ")

    def test_an_object_is_one(self) -> None:
        assert json_object('{"a":"é"}'.encode()) == {"a": "é"}
