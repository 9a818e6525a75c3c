"""Any message survives the way through bytes, and any bytes end in a message or in BadMessage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import mastercard, visa
from tests.unit.networks.samples import NETWORKS, REFERENCES, a_purchase, a_refund, a_reversal
from tidegate.domain.message import AuthorizationRequest, Card, CardAcceptor, MessageIdentity
from tidegate.domain.money import Money
from tidegate.networks import LINKS
from tidegate.networks.iso8583.client import Link
from tidegate.networks.iso8583.mastercard import read_subelements, write_subelements
from tidegate.networks.iso8583.message import BadMessage, Elements

HOSTS = {"visa": (visa.CODEC, 26), "mastercard": (mastercard.CODEC, 2)}
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .-"


def digits(least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most or least)


identities = st.builds(
    MessageIdentity,
    transmitted_at=digits(10),
    stan=st.integers(1, 999_999),
    acquirer_id=digits(6, 11),
    rrn=digits(12),
    terminal_id=st.text(CHARACTERS.replace(" ", ""), min_size=1, max_size=8),
)
acceptors = st.builds(
    CardAcceptor,
    id=st.text(CHARACTERS.replace(" ", ""), min_size=1, max_size=15),
    name=st.just("Harbour Books"),
    city=st.just("Hong Kong"),
    country=digits(3),
    mcc=digits(4),
)
amounts = st.builds(
    Money, st.integers(0, 10**12 - 1), st.sampled_from(["HKD", "JPY", "KWD", "USD"])
)
purchases = st.builds(
    AuthorizationRequest,
    identity=identities,
    kind=st.just("purchase"),
    amount=amounts,
    card=st.builds(
        Card, pan=digits(12, 19), expiry=digits(4), cvc=st.one_of(st.none(), digits(3, 4))
    ),
    acceptor=acceptors,
    local_time=digits(12),
)


@pytest.fixture(params=NETWORKS)
def link(request: pytest.FixtureRequest) -> Link:
    return LINKS[request.param]()


def reopened(link: Link, elements: Elements) -> Elements:
    """Through bytes and back, without what the codec itself adds (bitmaps)."""
    frame = link.frame(elements)
    assert link.body_bytes(frame[: link.prefix_bytes]) == len(frame) - link.prefix_bytes
    read = link.open(frame[link.prefix_bytes :])
    return {name: value for name, value in read.items() if name not in {"p", "1"}}


@pytest.mark.parametrize("network", NETWORKS)
@given(request=purchases)
def test_a_purchase_survives(network: str, request: AuthorizationRequest) -> None:
    link = LINKS[network]()
    elements = link.authorization(request)
    assert reopened(link, elements) == elements


@pytest.mark.parametrize("network", NETWORKS)
@given(request=purchases, own=identities, remaining_minor=st.integers(0, 10**12 - 1))
def test_a_partial_reversal_survives(
    network: str, request: AuthorizationRequest, own: MessageIdentity, remaining_minor: int
) -> None:
    link = LINKS[network]()
    reversal = replace(
        a_reversal(request, None),
        identity=own,
        remaining=Money(remaining_minor, request.amount.currency),
        scheme_reference=REFERENCES[network],
    )
    elements = link.reversal(reversal)
    assert reopened(link, elements) == elements
    assert elements["90"][4:10] == f"{request.identity.stan:06d}"
    assert elements["95"] == f"{remaining_minor:012d}{'0' * 30}"


@pytest.mark.parametrize("network", NETWORKS)
@given(request=purchases)
def test_the_hosts_codec_reads_the_same(network: str, request: AuthorizationRequest) -> None:
    link, (codec, ahead) = LINKS[network](), HOSTS[network]
    elements = link.authorization(request)
    message = codec.decode(link.frame(elements)[ahead:])
    assert {"t": message.mti} | {str(k): v for k, v in message.elements.items()} == elements


@pytest.mark.parametrize("network", NETWORKS)
@given(body=st.binary(max_size=400))
def test_garbage_is_a_bad_message(network: str, body: bytes) -> None:
    link = LINKS[network]()
    framed = b"\x16\x01\x02" + (len(body) + 22).to_bytes(2, "big") + bytes(17) + body
    for candidate in (body, framed):
        assert not link.rejects(candidate, link.frame(link.authorization(a_purchase(network))))
        try:
            elements = link.open(candidate)
            link.answer({"39": "00"} | elements)
        except BadMessage:
            continue


@pytest.mark.parametrize("network", NETWORKS)
@given(data=st.data())
def test_damage_is_a_bad_message_or_another_message(network: str, data: st.DataObject) -> None:
    """One byte changed or the end cut off, at every place."""
    link = LINKS[network]()
    body = bytearray(link.frame(link.authorization(a_refund(network)))[link.prefix_bytes :])
    body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    cut = bytes(body)[: data.draw(st.integers(0, len(body)))]
    for candidate in (bytes(body), cut):
        try:
            link.answer({"39": "00"} | link.open(candidate))
        except BadMessage:
            continue


@pytest.mark.parametrize("network", NETWORKS)
@given(size=st.integers(0, 200))
def test_a_message_that_breaks_off_is_bad(network: str, size: int) -> None:
    link = LINKS[network]()
    body = link.frame(link.authorization(a_purchase(network, cvc="123")))[link.prefix_bytes :]
    with pytest.raises(BadMessage) as caught:
        link.open(body[: size % len(body)])
    assert caught.value.__context__ is None  # the library's error holds the elements read so far


@pytest.mark.parametrize(
    "broken",
    [
        {"stan": 1_000_000},
        {"acquirer_id": "4" * 12},
        {"rrn": "6327170000021"},
        {"terminal_id": "TG0000012"},
        {"terminal_id": "桟橋"},
        {"transmitted_at": "1123"},
    ],
    ids=str,
)
def test_what_does_not_fit_is_named_not_shown(link: Link, broken: dict[str, object]) -> None:
    request = a_purchase(link.name)
    request = replace(request, identity=replace(request.identity, **broken))  # type: ignore[arg-type]
    with pytest.raises(BadMessage, match=r"element \d+ cannot be encoded") as caught:
        link.frame(link.authorization(request))
    assert caught.value.__context__ is None  # the library's error holds the whole message


@pytest.mark.parametrize("cvc", ["12", "12345", "1 3", "１２３", "", "abc"])
def test_a_security_code_is_three_or_four_digits(link: Link, cvc: str) -> None:
    with pytest.raises(BadMessage, match="3 or 4 digits"):
        link.authorization(a_purchase(link.name, cvc=cvc))


def test_a_foreign_reference_is_not_sent_to_visa() -> None:
    with pytest.raises(BadMessage):
        LINKS["visa"]().authorization(replace(a_refund("visa"), scheme_reference="MCCK7D2M4Q9Z"))


@pytest.mark.parametrize(
    "element_62",
    [
        "4000000000000000",  # announced but not there
        "C0000000000000000306327123456789",  # another sub-field in front
        "400000000000000003063271234567",
        "4000000000000000F306327123456789",
        "",
    ],
)
def test_a_transaction_identifier_is_read_alone_or_not_at_all(element_62: str) -> None:
    with pytest.raises(BadMessage):
        LINKS["visa"]().answer({"39": "00", "62": element_62})


def test_an_answer_says_how_the_security_code_compared() -> None:
    read = LINKS["visa"]().answer
    assert read({"39": "00", "44": "         N"}).cvc_result == "N"
    assert read({"39": "00", "44": "          "}).cvc_result is None
    assert read({"39": "05"}).cvc_result is None
    read = LINKS["mastercard"]().answer
    assert read({"39": "00", "48": "T4207010321187" + "01P"}).cvc_result == "P"
    assert read({"39": "05"}).cvc_result is None


@given(st.dictionaries(digits(2), st.text(CHARACTERS, max_size=99), max_size=6))
def test_sub_elements_survive(values: dict[str, str]) -> None:
    assert read_subelements(write_subelements(values)) == values


@pytest.mark.parametrize("text", ["8", "8701", "87-1M", "87１M", "8702M", "87"])
def test_sub_elements_that_break_off_are_bad(text: str) -> None:
    with pytest.raises(BadMessage):
        read_subelements(text)


@pytest.mark.parametrize("prefix", [b"\0\x20\0\x01", b"\0\x20\x01\0"])
def test_visas_reserved_bytes_are_zero(prefix: bytes) -> None:
    with pytest.raises(BadMessage):
        LINKS["visa"]().body_bytes(prefix)


@pytest.mark.parametrize(("at", "value"), [(0, 0x17), (1, 2), (2, 1), (3, 1), (4, 1)])
def test_a_header_that_is_not_visas_is_bad(at: int, value: int) -> None:
    link = LINKS["visa"]()
    body = bytearray(link.frame(link.authorization(a_purchase("visa")))[link.prefix_bytes :])
    body[at] = value
    with pytest.raises(BadMessage):
        link.open(bytes(body))
