"""What a 0100 carries of the cardholder, of a network token and of a card on file, and how a
payout is told from a refund; element by element as in docs/networks.md."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Literal

import pytest

from sandbox import mastercard, visa
from sandbox.link import Proof
from tests.unit.networks.samples import (
    NETWORKS,
    PANS,
    REFERENCES,
    Network,
    a_purchase,
    a_refund,
    a_reversal,
)
from tests.unit.networks.scripted_host import ScriptedHost
from tidegate.domain.authentication import eci_of
from tidegate.domain.errors import NotSent
from tidegate.domain.message import (
    AuthorizationRequest,
    Card,
    CardholderProof,
    NetworkAnswer,
    StoredCredential,
)
from tidegate.networks import LINKS
from tidegate.networks.iso8583.client import HostClient
from tidegate.networks.iso8583.mastercard import read_subelements
from tidegate.networks.iso8583.message import BadMessage, Elements

RAW = bytes(range(20))
VALUE = base64.b64encode(RAW).decode()
HEX = RAW.hex().upper()
DS = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"
STORED: tuple[StoredCredential, ...] = ("first", "cardholder", "recurring", "unscheduled")
HOSTS = {"visa": visa, "mastercard": mastercard}
AHEAD = {"visa": 26, "mastercard": 2}


def authenticated(eci: str, version: str | None = "2.2.0") -> CardholderProof:
    return CardholderProof(eci, VALUE, DS, version)


def of_token(eci: str) -> CardholderProof:
    return CardholderProof(eci, VALUE, of_token=True, wallet="MDESForMerchants")


def elements(
    network: Network,
    proof: CardholderProof | None = None,
    stored: StoredCredential | None = None,
    cvc: str | None = None,
) -> Elements:
    """Of a purchase."""
    request = replace(a_purchase(network, cvc=cvc), proof=proof, stored=stored)
    return LINKS[network]().authorization(request)


def visa_126(made: Elements) -> tuple[str, str] | None:
    """The bitmap and what follows it, in hex."""
    return (made["126"][:16], made["126"][16:]) if "126" in made else None


def mastercard_48(made: Elements) -> dict[str, str]:
    """The sub-elements, whose order is checked on the way."""
    assert made["48"][0] == "T"
    found = read_subelements(made["48"][1:])
    assert list(found) == sorted(found)
    return found


class TestVisa:
    @pytest.mark.parametrize("eci", ["05", "06", "07"])
    def test_de_60_ends_in_the_eci(self, eci: str) -> None:
        assert elements("visa", authenticated(eci))["60"] == f"00000000{eci}"

    def test_an_eci_of_one_digit_is_filled(self) -> None:
        assert elements("visa", authenticated("5"))["60"] == "0000000005"

    def test_there_is_no_de_60_where_nobody_says_an_eci(self) -> None:
        for proof in (None, of_token("")):
            assert "60" not in elements("visa", proof)

    def test_a_cavv_is_126_9(self) -> None:
        assert visa_126(elements("visa", authenticated("05"))) == ("0080000000000000", HEX)

    def test_a_tokens_cryptogram_is_126_8(self) -> None:
        made = elements("visa", of_token("07"))
        assert visa_126(made) == ("0100000000000000", HEX)
        assert made["60"] == "0000000007"

    def test_a_failed_authentication_has_an_eci_and_no_cavv(self) -> None:
        made = elements("visa", CardholderProof("07", "", DS))
        assert made["60"] == "0000000007"
        assert visa_126(made) is None

    @pytest.mark.parametrize(
        ("stored", "entry_mode", "environment"),
        [
            (None, "0100", None),
            ("first", "0100", "C"),
            ("cardholder", "1000", "C"),
            ("recurring", "1000", "R"),
            ("unscheduled", "1000", "C"),
        ],
    )
    def test_a_card_on_file_is_said_in_de_22_and_126_13(
        self, stored: StoredCredential | None, entry_mode: str, environment: str | None
    ) -> None:
        made = elements("visa", stored=stored)
        assert made["22"] == entry_mode
        letter = environment.encode("cp500").hex().upper() if environment else ""
        assert visa_126(made) == (("0008000000000000", letter) if letter else None)

    def test_sub_fields_stand_in_rising_order(self) -> None:
        cvv2, letter = "F1F140F7F3F7", "C3"
        cavv = elements("visa", authenticated("05"), "first", "737")
        assert visa_126(cavv) == ("00C8000000000000", HEX + cvv2 + letter)
        token = elements("visa", of_token("07"), "recurring")
        assert visa_126(token) == ("0108000000000000", HEX + "D9")

    def test_the_merchants_own_payment_names_the_one_that_stored_the_card(self) -> None:
        request = replace(
            a_purchase("visa"), stored="recurring", scheme_reference=REFERENCES["visa"]
        )
        made = LINKS["visa"]().authorization(request)
        assert made["62"] == f"4000000000000000{REFERENCES['visa']:0>16}"


class TestMastercard:
    @pytest.mark.parametrize(
        ("proof", "level"),
        [
            (None, "0103211"),
            (authenticated("02"), "0103212"),
            (authenticated("01"), "0103211"),
            (authenticated("00"), "0103210"),
            (authenticated(""), "0103211"),
            (of_token("06"), "0103242"),
            (of_token("02"), "0103242"),
        ],
    )
    def test_42_says_how_safe_it_is_and_never_lacks(
        self, proof: CardholderProof | None, level: str
    ) -> None:
        assert mastercard_48(elements("mastercard", proof))["42"] == level

    def test_an_authentication_is_43_and_66(self) -> None:
        assert mastercard_48(elements("mastercard", authenticated("02"))) == {
            "42": "0103212",
            "43": VALUE,
            "66": f"010120236{DS}",
        }

    @pytest.mark.parametrize(("version", "major"), [("2.1.0", "2"), ("1.0.2", "1"), (None, "2")])
    def test_66_holds_the_major_version(self, version: str | None, major: str) -> None:
        made = mastercard_48(elements("mastercard", authenticated("02", version)))
        assert made["66"][:5] == f"0101{major}"

    def test_a_tokens_cryptogram_is_43_alone(self) -> None:
        proof = replace(of_token("06"), ds_trans_id=DS)
        made = mastercard_48(elements("mastercard", proof))
        assert made == {"42": "0103242", "43": VALUE}

    def test_a_failed_authentication_has_a_level_and_no_proof(self) -> None:
        made = mastercard_48(elements("mastercard", CardholderProof("00", "", DS)))
        assert made == {"42": "0103210"}

    @pytest.mark.parametrize(
        ("stored", "entry_mode", "initiator"),
        [
            (None, "810", None),
            ("first", "810", "0504C101"),
            ("cardholder", "100", "0504C101"),
            ("recurring", "100", "0504M103"),
            ("unscheduled", "100", "0504M101"),
        ],
    )
    def test_a_card_on_file_is_said_in_de_22_and_sub_element_22(
        self, stored: StoredCredential | None, entry_mode: str, initiator: str | None
    ) -> None:
        made = elements("mastercard", stored=stored)
        assert made["22"] == entry_mode
        assert mastercard_48(made).get("22") == initiator

    def test_sub_elements_stand_in_rising_order_with_their_lengths(self) -> None:
        made = elements("mastercard", authenticated("02"), "first", "737")
        wanted = [
            "T",
            "22080504C101",
            "42070103212",
            f"4328{VALUE}",
            f"6645010120236{DS}",
            "9203737",
        ]
        assert made["48"] == "".join(wanted)

    def test_the_merchants_own_payment_names_the_one_that_stored_the_card(self) -> None:
        request = replace(
            a_purchase("mastercard"),
            stored="unscheduled",
            scheme_reference=REFERENCES["mastercard"],
        )
        assert LINKS["mastercard"]().authorization(request)["63"] == REFERENCES["mastercard"]


class TestBoth:
    """What holds for every network."""

    @pytest.fixture(params=NETWORKS)
    def network(self, request: pytest.FixtureRequest) -> Network:
        found: Network = request.param
        return found

    @pytest.mark.parametrize(
        "value",
        [
            base64.b64encode(RAW[:-1]).decode(),
            base64.b64encode(RAW + b"\0").decode(),
            VALUE[:-1],
            VALUE.replace("=", "!"),
            f" {VALUE}",
            "AAECAwQFBgcICQoLDA0ODxAREh_=",
            HEX,
        ],
    )
    @pytest.mark.parametrize("token", [False, True])
    def test_a_proof_that_is_not_20_bytes_is_never_sent(
        self, network: Network, value: str, token: bool
    ) -> None:
        proof = CardholderProof("05", value, DS, of_token=token)
        with pytest.raises(BadMessage, match="20 bytes") as refused:
            elements(network, proof)
        assert value not in str(refused.value)
        with ScriptedHost(network) as host:
            client = HostClient(LINKS[network](), "127.0.0.1", host.port)
            with pytest.raises(NotSent):
                client.authorize(replace(a_purchase(network), proof=proof), timeout_s=5.0)
            client.close()
            assert host.connections == 0

    def test_a_proof_is_in_no_text(self) -> None:
        for proof in (authenticated("05"), of_token("07")):
            assert VALUE not in repr(replace(a_purchase("visa"), proof=proof))

    @pytest.mark.parametrize("stored", [None, *STORED])
    @pytest.mark.parametrize("kind", ["none", "authenticated", "token"])
    def test_the_host_finds_what_was_meant(
        self, network: Network, kind: str, stored: StoredCredential | None
    ) -> None:
        """Through bytes, by the sandbox's own codec: cryptogram, authentication, initiator."""
        ecis = {"visa": "05", "mastercard": "02"}
        proofs = {"authenticated": authenticated(ecis[network]), "token": of_token(ecis[network])}
        link, host = LINKS[network](), HOSTS[network]
        frame = link.frame(elements(network, proofs.get(kind), stored))
        message = host.CODEC.decode(frame[AHEAD[network] :])
        theirs = (visa.VisaLink if network == "visa" else mastercard.MastercardLink)()
        theirs.check(message)
        by_merchant = stored in {"recurring", "unscheduled"}
        if network == "visa":  # the message has no such sign; docs/networks.md says what counts
            by_merchant = stored not in {None, "first"} and kind != "token"
        assert theirs.proof(message) == Proof(
            authenticated=kind == "authenticated",
            cryptogram=RAW.hex() if kind == "token" else None,
            by_merchant=by_merchant,
        )

    def test_an_expiry_that_nobody_knows_is_left_out(self, network: Network) -> None:
        """A network token's or an old card's."""
        request = replace(a_purchase(network), card=Card(PANS[network], ""))
        assert "14" not in LINKS[network]().authorization(request)

    @pytest.mark.parametrize(
        ("brand", "ecis"),
        [
            ("Visa", {"Y": "05", "A": "06", "N": "07", "U": "07", "R": "07"}),
            ("Mastercard", {"Y": "02", "A": "01", "N": "00", "U": "00", "R": "00"}),
            ("UnionPay", {"Y": "05", "A": "06", "N": "07", "U": "07", "R": "07"}),
        ],
    )
    def test_an_eci_follows_from_the_status(self, brand: str, ecis: dict[str, str]) -> None:
        assert {status: eci_of(brand, status) for status in ecis} == ecis


def a_payout(network: Network) -> AuthorizationRequest:
    return replace(a_purchase(network), kind="payout")


CODES: dict[Network, dict[Literal["purchase", "refund", "payout"], str]] = {
    "visa": {"purchase": "000000", "refund": "200000", "payout": "260000"},
    "mastercard": {"purchase": "000000", "refund": "200000", "payout": "280000"},
}


@pytest.mark.parametrize("network", NETWORKS)
class TestPayouts:
    def test_have_a_processing_code_of_their_own(self, network: Network) -> None:
        link = LINKS[network]()
        made = {
            request.kind: link.authorization(request)["3"]
            for request in (a_purchase(network), a_refund(network), a_payout(network))
        }
        assert made == CODES[network]

    def test_are_payments_in_all_else(self, network: Network) -> None:
        link = LINKS[network]()
        request = a_payout(network)
        paid, pushed = (
            link.authorization(replace(request, kind=kind)) for kind in ("purchase", "payout")
        )
        assert pushed == paid | {"3": CODES[network]["payout"]}

    @pytest.mark.parametrize("kind", ["purchase", "refund", "payout"])
    def test_are_reversed_as_what_they_were(
        self, network: Network, kind: Literal["purchase", "refund", "payout"]
    ) -> None:
        original = replace(a_purchase(network), kind=kind)
        reversal = a_reversal(original, NetworkAnswer("00", "A1B2C3", REFERENCES[network]))
        made = LINKS[network]().reversal(reversal)
        assert (made["t"], made["3"]) == ("0400", CODES[network][kind])
        assert made["90"][4:10] == f"{original.identity.stan:06d}"
