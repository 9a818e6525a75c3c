"""What directory servers, access control servers and browsers between them send to the gateway."""

from __future__ import annotations

import json
from typing import Any

from tests.fuzz.shapes import Json, Raw
from tests.fuzz.target import Target
from tests.support.cards import AUTHENTICATED
from tidegate.domain.errors import InvalidValue, MalformedBody
from tidegate.networks.threeds import messages as threeds

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


TARGETS = (
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
)
