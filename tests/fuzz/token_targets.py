"""What the networks' token services answer to the gateway."""

from __future__ import annotations

import json
from functools import partial
from unittest.mock import patch

from tests.fuzz.shapes import Json
from tests.fuzz.target import Target
from tidegate.domain.errors import NetworkTokenRefused, Unanswered
from tidegate.domain.message import Card
from tidegate.networks import token_services
from tidegate.networks.http import HttpAnswer
from tidegate.ports_tokens import Provisioning

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


TARGETS = (
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
)
