"""What networks, wallets, directory servers and token services send to the gateway."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from random import Random
from typing import Any
from unittest.mock import patch

import iso8583
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from sandbox.base2 import Base2
from sandbox.clearing import ClearingFormat
from sandbox.ipm import Ipm
from tests.fuzz.shapes import EBCDIC_DIGITS, FORM, Forged, Http, Json, Parts, Raw, Shape
from tests.fuzz.target import ROOT, Target
from tests.fuzz.wires import answering, as_socket
from tests.support.cards import AUTHENTICATED
from tests.unit.networks.samples import (
    ACCEPTOR,
    ACQUIRERS,
    DAY,
    REFERENCES,
    a_presentment,
    a_purchase,
    an_identity,
)
from tidegate.adapters.network_files import HttpNetworkFiles
from tidegate.domain.clearing import Presentment
from tidegate.domain.errors import (
    FileRejected,
    InvalidValue,
    MalformedBody,
    NetworkTokenRefused,
    NotSent,
    SignatureRejected,
    Unanswered,
)
from tidegate.domain.message import AuthorizationRequest, Card, MessageIdentity
from tidegate.domain.money import Money
from tidegate.domain.wallet import WalletOrder
from tidegate.networks import LINKS, token_services
from tidegate.networks.alipayplus import messages
from tidegate.networks.alipayplus.signature import verify
from tidegate.networks.clearing import format_of
from tidegate.networks.http import HttpAnswer, exchange
from tidegate.networks.iso8583 import mastercard, visa
from tidegate.networks.iso8583.client import HostClient
from tidegate.networks.iso8583.message import BadMessage
from tidegate.networks.threeds import messages as threeds
from tidegate.pages import qr_svg
from tidegate.ports_tokens import Provisioning

FILE_ID = "TIDEGATE-1"
VISA_HEADER = 22
SPECS = {"visa": visa.SPEC, "mastercard": mastercard.SPEC}
FORMATS: dict[str, ClearingFormat] = {"visa": Base2(), "mastercard": Ipm()}


# Messages of ISO 8583


def vectors(network: str) -> dict[str, dict[str, Any]]:
    folder = ROOT / "tests" / "vectors" / "iso8583"
    found = json.loads((folder / f"{network}.json").read_text())["vectors"]
    return {one["name"]: one for one in found}


def frames(network: str) -> list[bytes]:
    return [bytes.fromhex(one["hex"]) for one in vectors(network).values()]


def frame_shape(network: str) -> Shape:
    """A frame as its elements: header, type, bitmaps, then each length and each value; in DE 48
    of Mastercard the lengths of its sub-elements."""
    shape = Parts(partial(_elements, network), partial(_framed, network), EBCDIC_DIGITS)
    return shape if network == "visa" else Forged(shape, "42 43 63 66 87 92", width=2)


def _elements(network: str, frame: bytes) -> list[bytes]:
    link = LINKS[network]
    header, body = b"", frame[link.prefix_bytes :]
    if network == "visa":
        header, body = body[:VISA_HEADER], body[VISA_HEADER:]
    if header[:1] == b"\x1a":  # a reject holds another frame
        return [b"", header, body]
    _, encoded = iso8583.decode(body, SPECS[network])
    parts = [header]
    for element in sorted(encoded, key=lambda name: (name.isdecimal(), name.rjust(3))):
        if element in "tp":
            continue
        parts += [encoded[element]["len"], encoded[element]["data"]]
    return [header, encoded["t"]["data"], encoded["p"]["data"], *parts[1:]]


def _framed(network: str, parts: list[bytes]) -> bytes:
    whole = b"".join(parts)
    size = min(len(whole), 0xFFFF).to_bytes(2, "big")
    if network == "visa":
        return size + b"\0\0" + whole[:3] + size + whole[5:]
    return size + whole


def _read_frame(network: str, frame: bytes) -> None:
    """What is read is written and read again as the same."""
    link = LINKS[network]()
    size = link.body_bytes(frame[: link.prefix_bytes])
    read = link.open(frame[link.prefix_bytes :])
    assert size >= 0
    try:
        answer = link.answer(read)
    except KeyError:
        assert "39" not in read  # the client has looked for it before
    else:
        assert answer.response_code == read["39"]


def _authorized(network: str, said: bytes) -> None:
    """A whole conversation: whatever the host says, an answer names our message or is none."""
    client = HostClient(LINKS[network](), "127.0.0.1", 1)
    client._socket = as_socket(said)
    client._last_used = time.monotonic()
    request = asked(network)
    answer = client.authorize(request, timeout_s=60)
    assert answer.response_code.isalnum()


@cache
def asked(network: str) -> AuthorizationRequest:
    """The purchase of the vectors."""
    fields = vectors(network)["purchase_with_cvv"]["fields"]
    identity = MessageIdentity(fields["7"], 2, fields["32"], fields["37"], fields["41"])
    card = Card(fields["2"], "3112", "123")
    return replace(a_purchase(network), identity=identity, card=card)


def _conversation(network: str) -> Parts:
    return Parts(partial(_talk, network), digits=EBCDIC_DIGITS)


def _talk(network: str, said: bytes) -> list[bytes]:
    """Frame by frame, the one that counts element by element."""
    parts: list[bytes] = []
    prefix = LINKS[network].prefix_bytes
    while said:
        frame = said[: prefix + int.from_bytes(said[:2], "big")]
        said = said[len(frame) :]
        parts += [frame[:prefix], *_elements(network, frame)]
    return parts


def _answers(network: str) -> list[bytes]:
    known = {name: bytes.fromhex(one["hex"]) for name, one in vectors(network).items()}
    approved = known["purchase_approved"]
    return [approved, known["sign_on_accepted"] + approved, known["reversal_acknowledged"]]


# Files


def presentments(network: str) -> list[Presentment]:
    """A purchase and a refund with numbers of their own, whatever was made before."""
    first, second = (
        replace(a_purchase(network, minor), identity=an_identity(network, stan))
        for stan, minor in ((7, 12_300), (8, 4_950))
    )
    refund = replace(second, kind="refund", scheme_reference=REFERENCES[network])
    return [a_presentment(network, first), a_presentment(network, refund)]


def clearing_file(network: str) -> bytes:
    pieces = format_of(network).write_clearing(
        FILE_ID, ACQUIRERS[network], DAY, presentments(network)
    )
    return b"".join(pieces)


def settlement_files(network: str) -> list[bytes]:
    """What a host answers to our clearing file: one, and the other of another day."""
    kept = [one.record for one in FORMATS[network].parse(clearing_file(network), FILE_ID)]
    return [
        FORMATS[network].settlement(f"S-{number}", number, date(2026, 11, 23 + number), records)
        for number, records in ((1, kept), (2, kept[:1]))
    ]


LINES = Parts(lambda data: data.splitlines(keepends=True))
CELLS = 24


def base2_shape() -> Parts:
    """Records in pieces, so that a change stays inside its record."""
    return Parts(lambda data: [data[at : at + CELLS] for at in range(0, len(data), CELLS)])


def _records(data: bytes) -> list[bytes]:
    """Records of an IPM file, each with its descriptor word."""
    found, at = [], 0
    while at < len(data):
        size = 4 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at : at + size])
        at += size
    return found


def _described(parts: list[bytes]) -> bytes:
    """Descriptor words as long as their records now are."""
    return b"".join(len(one[4:]).to_bytes(4, "big") + one[4:] for one in parts)


IPM = Forged(
    Parts(_records, _described, EBCDIC_DIGITS),
    "0023 0105 0122 0146 0148 0158 0159 0165 0301 0306 9000 9001",
    width=3,
)


@dataclass(frozen=True)
class Either:
    """Now one shape, now the other."""

    one: Shape
    other: Shape

    def broken(self, random: Random, seeds: Sequence[bytes]) -> bytes:
        return random.choice((self.one, self.other)).broken(random, seeds)


FILE_SHAPES: dict[str, Shape] = {"visa": Either(LINES, base2_shape()), "mastercard": IPM}


def _settled(network: str, content: bytes) -> None:
    for record in format_of(network).read_settlement(io.BytesIO(content)):
        assert record.amount.minor >= 0
        assert len(record.acquirer_reference_number) == 23


def _listed(said: bytes) -> None:
    files = HttpNetworkFiles({})
    with patch.object(HttpNetworkFiles, "_call", lambda *_: said):
        found = files.listed("visa")
    for offered in found:
        assert isinstance(offered["file_id"], str)
        assert isinstance(offered["sha256"], str)


# Wallets


def _wallet(status: str, code: str, **others: Any) -> bytes:
    return messages.written(
        {
            "result": {"resultStatus": status, "resultCode": code, "resultMessage": "m"},
            "paymentRequestId": "pay-1",
            "refundRequestId": "ref-1",
            "paymentId": "2026w",
            "refundId": "2026r",
            "paymentAmount": {"currency": "HKD", "value": "3100"},
            "pspCustomerInfo": {"pspName": "ALIPAY_HK"},
        }
        | others
    )


def _wallet_answers() -> list[bytes]:
    form = {
        "paymentMethodType": "CONNECT_WALLET",
        "expireTime": "2026-03-04T06:10:00Z",
        "codeDetails": [{"codeValueType": "QRCODE", "codeValue": "https://wallet.example/qr/1"}],
    }
    late = form | {"expireTime": "1772604600000"}
    pending = partial(_wallet, "U", "PAYMENT_IN_PROCESS")
    return [
        _wallet("S", "SUCCESS"),
        _wallet("S", "SUCCESS", paymentStatus="SUCCESS", paymentResultCode="SUCCESS"),
        _wallet("S", "SUCCESS", refundStatus="PROCESSING"),
        _wallet("F", "USER_BALANCE_NOT_ENOUGH"),
        _wallet("S", "SUCCESS", notifyType="PAYMENT_RESULT"),
        pending(orderCodeForm=form),
        pending(orderCodeForm=late),
        pending(normalUrl="https://wallet.example/pay"),
    ]


_ORDER = WalletOrder(
    request_id="pay-1",
    amount=Money(3_100, "HKD"),
    scenario="redirect",
    acceptor=ACCEPTOR,
    store_id="S1",
    title="Two teas",
    expires_at=1_772_604_600,
    notify_url="https://pay.example/g2/wallets/alipayplus/S1/t1",
)
_ORDERS = (_ORDER, replace(_ORDER, scenario="MPM"), replace(_ORDER, scenario="CPM"))


def _wallet_read(data: bytes) -> None:
    """By all readers, for whichever of them such a message may come."""
    message = messages.parsed(data)
    readers: list[Callable[[], object]] = [
        *(partial(messages.read_pay, message, order) for order in _ORDERS),
        partial(messages.read_inquiry, message, "pay-1"),
        partial(messages.cancelled, message, "pay-1"),
        partial(messages.read_refund, message, "ref-1"),
        partial(messages.read_refund_inquiry, message, "ref-1"),
        partial(messages.read_notice, message),
    ]
    refused = None
    for reader in readers:
        try:
            reader()
        except MalformedBody as error:
            refused = error
    if refused is not None:
        raise refused


def _drawn(data: bytes) -> None:
    """What an order's code is taken for can be drawn on the page."""
    read = messages.read_pay(messages.parsed(data), _ORDERS[1])
    if read.action is not None:
        assert qr_svg(read.action.data["qrCode"]).startswith("<svg")


_SIGNED_AT, _PATH = "2026-11-23T09:30:15Z", "/g2/wallets/alipayplus/S024116/PAY-6"
_BODY = b'{"result":{}}'
_MODULUS = int(
    "9e3086c7bb3b5e61f2809a9b239b6d7cd009831053fb392a05c55395bfd3169d7afdfc47faffb490"
    "4ec8dae731b0286f3a2a3215c35216024599d156769078d904edb7b56aaffcd87c0b669f0b69c0c6"
    "c47406170c9e74bfdfdc6fb77a4c7b109d73ca27ff7dedba6379f4a778258275bce0255fa2250cf6"
    "753dbb3eadc0c939",
    16,
)
_SIGNATURE = (
    "ClzeIWVuQepTvH1EKqlCSY99gi8m3r6G4P3bisjcztep5d53xhO7VorEyWZHpk%2Fa3gujAraFgwqW4%"
    "2B7ZXTo6eeqUyLWTWWtExWjGLt3a4dQ23I2FQnAzQt18pLHyGk50TPnpN3xHo3tBiuEbTkoTD4pSwnR8"
    "r4t0Vt8q%2F4uXp9w%3D"
)
"""Of ``_BODY`` under a key that was forgotten since."""
_WALLET_KEY = RSAPublicNumbers(65537, _MODULUS).public_key()


def _believed(data: bytes) -> None:
    header, _, rest = data.partition(b"\n")
    stamp, _, body = rest.partition(b"\n")
    said = (header.decode("latin-1"), _PATH, "TIDEGATE", stamp.decode("latin-1"))
    verify(_WALLET_KEY, *said, body)
    assert (stamp.decode("latin-1"), body) == (_SIGNED_AT, _BODY), "anybody's word is believed"
    assert messages.seconds(stamp.decode("latin-1")) > 0


# Directory servers and token services

_TRANSACTION = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"


def _threeds_message(kind: str, **others: Any) -> bytes:
    message = {
        "messageType": kind,
        "messageVersion": "2.2.0",
        "threeDSServerTransID": _TRANSACTION,
        "dsTransID": AUTHENTICATED.ds_trans_id,
        "acsTransID": AUTHENTICATED.acs_trans_id,
    }
    return json.dumps(message | others).encode()


def _ares() -> list[bytes]:
    proof = {"eci": "05", "authenticationValue": AUTHENTICATED.value}
    challenge = {"acsURL": "https://issuer.example/challenge", "acsChallengeMandated": "N"}
    return [
        _threeds_message("ARes", transStatus="Y", **proof),
        _threeds_message("ARes", transStatus="C", **challenge),
        _threeds_message("ARes", transStatus="N", transStatusReason="01", cardholderInfo="Call us"),
    ]


def _pres() -> list[bytes]:
    one = {"startRange": "4761340000000000", "endRange": "4761349999999999", "actionInd": "A"}
    ranges = [one | {"threeDSMethodURL": "https://issuer.example/method"}, one]
    return [_threeds_message("PRes", cardRangeData=ranges, serialNum="1")]


def _rreq(data: bytes) -> None:
    named, _ = threeds.read_results_request(data)
    assert threeds.results_response(data)["threeDSServerTransID"] == named


def _from_browser(data: bytes) -> None:
    read = threeds.decoded(data.decode("latin-1"))
    assert json.loads(json.dumps(read)) == read or "NaN" in str(read) or "nan" in str(read)


_VTS = {
    "vProvisionedTokenID": "ref-1",
    "paymentAccountReference": "PAR-1",
    "tokenInfo": {
        "tokenNumber": "4895370000000007",
        "tokenStatus": "ACTIVE",
        "expirationDate": {"month": "12", "year": "2028"},
    },
    "cardMetaData": {"cardArtUri": "https://cards.example/art.png"},
    "cryptogramInfo": {"cryptogram": "QUJDREVGR0hJSktMTU5PUFFSU1Q=", "eci": "05"},
}
_MDES = {
    "tokenUniqueReference": "ref-2",
    "tokenDetail": {
        "tokenNumber": "5204730000000009",
        "expiryMonth": "12",
        "expiryYear": "28",
        "paymentAccountReference": "PAR-2",
        "status": "ACTIVE",
    },
    "productConfig": {"cardBackgroundCombinedAssetUri": "https://cards.example/art.png"},
    "dsrpCryptogram": "QUJDREVGR0hJSktMTU5PUFFSU1Q=",
    "eci": "06",
}


def _tokenized(brand: str, data: bytes) -> None:
    """Both answers that hold something; whatever is believed is text, as it goes into messages."""
    service = token_services.HttpTokenServices({brand: "http://tokens.example"})
    given = Provisioning(
        brand=brand,
        card=Card("4761340000000043", "3112"),
        requestor_id="r",
        user_reference="u",
        email="a@b.example",
        locale="en",
    )
    refused = None
    with patch.object(token_services, "exchange", lambda *_, **__: HttpAnswer(200, {}, data)):
        try:
            token = service.provision(given, timeout_s=1)
            texts = (token.reference, token.token.pan, token.account_reference, token.art_uri)
            assert all(isinstance(text, str) for text in texts)
        except Unanswered as error:
            refused = error
        made = service.cryptogram(brand, "ref-1", timeout_s=1)
        assert isinstance(made.value, str)
        assert isinstance(made.eci, str)
    if refused is not None:
        raise refused


def _exchanged(said: bytes) -> None:
    with answering(said):
        answer = exchange("http://network.example/a", "POST", b"{}", {}, timeout_s=60)
    assert 100 <= answer.status <= 999


HTTP_ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nResponse-Time: 2026\r\n"
    b"Content-Length: 14\r\n\r\n" + b'{"a":[1,2,{}]}',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 503 Busy\r\nConnection: close\r\n\r\nlater",
    b"HTTP/1.1 204 No Content\r\nA: b\r\n c\r\n\r\n",
)


def _of_network(network: str) -> tuple[Target, ...]:
    return (
        Target(
            f"{network}.message",
            partial(_read_frame, network),
            (BadMessage,),
            frame_shape(network),
            partial(frames, network),
        ),
        Target(
            f"{network}.conversation",
            partial(_authorized, network),
            (NotSent, Unanswered),
            _conversation(network),
            partial(_answers, network),
        ),
        Target(
            f"{network}.settlement_file",
            partial(_settled, network),
            (FileRejected,),
            FILE_SHAPES[network],
            partial(settlement_files, network),
        ),
    )


TARGETS = (
    *_of_network("visa"),
    *_of_network("mastercard"),
    Target(
        "mastercard.subelements",
        lambda data: mastercard.read_subelements(data.decode("latin-1")),
        (BadMessage,),
        Parts(lambda data: [data[at : at + 2] for at in range(0, len(data), 2)]),
        lambda: [b"42070103211", b"420701032128701M", b"2208" + b"0504C101"],
    ),
    Target(
        "network_files.listed",
        _listed,
        (FileRejected, NotSent),
        Json(),
        lambda: [json.dumps([{"file_id": "S-1", "bytes": 3, "sha256": "00" * 32}]).encode()],
    ),
    Target("alipayplus.answer", _wallet_read, (MalformedBody,), Json(), _wallet_answers),
    Target("alipayplus.code", _drawn, (MalformedBody,), Json(), _wallet_answers, weight=2),
    Target(
        "alipayplus.signature",
        _believed,
        (SignatureRejected, MalformedBody),
        Parts(lambda data: data.splitlines(keepends=True)),
        lambda: [
            f"algorithm=RSA256,keyVersion=1,signature={_SIGNATURE}\n{_SIGNED_AT}\n".encode() + _BODY
        ],
    ),
    Target(
        "threeds.ares",
        lambda data: threeds.read_authentication_response(data, _TRANSACTION),
        (MalformedBody, InvalidValue),
        Json(),
        _ares,
    ),
    Target(
        "threeds.pres",
        threeds.read_preparation_response,
        (MalformedBody, InvalidValue),
        Json(),
        _pres,
    ),
    Target(
        "threeds.rreq",
        _rreq,
        (MalformedBody, InvalidValue),
        Json(),
        lambda: [
            _threeds_message("RReq", transStatus="Y", eci="05", interactionCounter="01"),
            _threeds_message("RReq", transStatus="N"),
        ],
    ),
    Target(
        "threeds.encoded",
        _from_browser,
        (MalformedBody,),
        Raw(),
        lambda: [threeds.method_data(_TRANSACTION, "https://a.example/").encode()],
    ),
    Target(
        "tokens.visa",
        partial(_tokenized, "Visa"),
        (Unanswered, NetworkTokenRefused),
        Json(),
        lambda: [json.dumps(_VTS).encode()],
    ),
    Target(
        "tokens.mastercard",
        partial(_tokenized, "Mastercard"),
        (Unanswered, NetworkTokenRefused),
        Json(),
        lambda: [json.dumps(_MDES).encode()],
    ),
    Target(
        "http.answer",
        _exchanged,
        (NotSent, Unanswered),
        Either(Http(Raw()), FORM),
        lambda: HTTP_ANSWERS,
    ),
)
