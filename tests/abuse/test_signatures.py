"""Nobody pays in another's name: what is forged is refused, changes nothing and is written down.

Vectors, headers and keys one by one: tests/contract/test_signatures.py.
"""

from __future__ import annotations

import ast
import hashlib
import hmac
import inspect
import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from local.demo_store import operate
from local.merchant_client import Merchant
from local.stack import Stack
from tests.abuse.conftest import Audited
from tests.abuse.wire import Sent, a_payment, signed
from tests.support.memory import a_store
from tests.support.operator import a_merchant
from tidegate.api.evocloud import signature
from tidegate.api.evocloud.authenticate import authenticate
from tidegate.api.evocloud.operations import OPERATIONS
from tidegate.api.evocloud.request import Request
from tidegate.domain.errors import MalformedBody
from tidegate.domain.store import SignKey
from tidegate.services import authenticate_payer, link_orders

NewId = Callable[[str], str]
e2e = pytest.mark.e2e
pytestmark = pytest.mark.xdist_group("abuse")


def signed_by(**changes: str) -> Callable[[Sent, Merchant], Sent]:
    """By a forger who has everything but the key."""

    def forged(sent: Sent, shop: Merchant) -> Sent:
        forger = replace(shop, **changes)  # type: ignore[arg-type]
        given = sent.headers
        value = forger.sign(sent.method, sent.target, given["DateTime"], given["MsgID"], sent.raw)
        return sent.under(Authorization=value)

    return forged


def other(name: str, value: str | None) -> Callable[[Sent, Merchant], Sent]:
    return lambda sent, _shop: sent.under(**{name: value})


def authorization(change: Callable[[str], str]) -> Callable[[Sent, Merchant], Sent]:
    return lambda sent, _: sent.under(Authorization=change(sent.headers["Authorization"]))


def downgraded(sign_type: str) -> Callable[[Sent, Merchant], Sent]:
    """The store's own key, but by an algorithm that is not the store's."""
    forge = signed_by(sign_type=sign_type)
    return lambda sent, shop: forge(sent, shop).under(SignType=sign_type)


FORGERIES: dict[str, tuple[str, Callable[[Sent, Merchant], Sent]]] = {
    "another amount": (
        "Authorization",
        lambda sent, _: sent.but(raw=sent.raw.replace(b"10.00", b"99.00")),
    ),
    "a space more": ("Authorization", lambda sent, _: sent.but(raw=sent.raw + b" ")),
    "another path": (
        "Authorization",
        lambda sent, _: sent.but(target=sent.target.replace("/payment?", "/payout?")),
    ),
    "another query": (
        "Authorization",
        lambda sent, _: sent.but(target=f"{sent.target}&idempotency=off"),
    ),
    "another MsgID": ("Authorization", other("MsgID", "0" * 32)),
    "another DateTime": (
        "Authorization",
        lambda sent, _: sent.under(DateTime=sent.headers["DateTime"].replace("T", " ")),
    ),
    **{f"no {name}": (name, other(name, None)) for name in ("Authorization", "DateTime", "MsgID")},
    "no SignType": ("SignType", other("SignType", None)),
    "an empty signature": ("Authorization", other("Authorization", "")),
    "half a signature": ("Authorization", authorization(lambda text: text[:32])),
    "a signature and more": ("Authorization", authorization(lambda text: text + "00")),
    "two signatures": ("Authorization", authorization(lambda text: f"{'0' * 64}, {text}")),
    "a scheme before it": ("Authorization", authorization(lambda text: f"HMAC {text}")),
    "no key at all": ("Authorization", signed_by(sign_key="")),
    "the key's id for a key": (
        "Authorization",
        lambda sent, shop: signed_by(sign_key=shop.key_id or "")(sent, shop),
    ),
    **{
        f"downgraded to {kind}": ("SignType", downgraded(kind))
        for kind in ("SHA256", "SHA512", "HMAC-SHA512", "hmac-sha256", "MD5", "none")
    },
}


@e2e
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_request_changes_nothing(
    shop: Merchant, new_id: NewId, audited: Audited, name: str
) -> None:
    field, forge = FORGERIES[name]
    trans_id = new_id("FORGED")
    sent = signed(shop, "POST", f"payment?merchantTransID={trans_id}", a_payment(trans_id))
    answer = forge(sent, shop).deliver(shop)
    assert (answer.http_status, answer.code) == (200, "V0010"), answer.body
    assert shop.query("payment", trans_id).code == "C0004"
    record = audited("signature", sid=shop.sid, code="V0010", field=field)
    assert record["address"] == "127.0.0.1"
    assert record["key_id"] == shop.key_id


@e2e
@pytest.mark.parametrize("names_key", [True, False])
def test_another_stores_key_opens_no_door(
    shop: Merchant, mallory: Merchant, new_id: NewId, audited: Audited, *, names_key: bool
) -> None:
    trans_id = new_id("FOREIGN")
    sent = signed(mallory, "POST", "payment", a_payment(trans_id), sid=shop.sid)
    if not names_key:
        sent = sent.under(KeyID=None)
    assert sent.deliver(shop).code == "V0010"
    for merchant in (shop, mallory):
        assert merchant.query("payment", trans_id).code == "C0004"
    record = audited("signature", sid=shop.sid, field="Authorization")
    # Whatever is sent as a KeyID, perhaps a secret by mistake: it is not repeated.
    assert record.get("key_id") == ("unknown" if names_key else None)


@e2e
def test_a_store_that_is_not_there_or_stopped(
    stack: Stack, mallory: Merchant, audited: Audited, tmp_path: Path
) -> None:
    nobody = replace(mallory, sid="S899999")
    assert nobody.query("payment", "X").code == "C0002"
    audited("store", code="C0002", sid="S899999")
    stopped = a_merchant(stack, tmp_path, "S830003")
    operate(stack, "store", "disable", stopped.sid)
    assert stopped.payment("X", "10.00").code == "B0003"
    audited("store", code="B0003", sid="S830003")


@e2e
def test_the_algorithm_of_a_store_without_hmac_cannot_be_drawn_out(
    stack: Stack, new_id: NewId, audited: Audited
) -> None:
    """Who sees hash(… key … body) can compute hash(… key … body + padding + more) without the key:
    of plain SHA-256 that is true, and the padding is no UTF-8, so no such body is read."""
    store = stack.store
    demo = Merchant(stack.base_url, store["sid"], store["signKey"], store["signType"])
    assert demo.sign_type == "SHA256"
    trans_id = new_id("LONGER")
    sent = signed(demo, "POST", "payment", a_payment(trans_id))
    head = [sent.method, sent.target, sent.headers["DateTime"], demo.sign_key]
    text = "\n".join([*head, sent.headers["MsgID"], sent.raw.decode()]).encode()
    more = b',"captureAfterHours":"0"}'
    padding, digest = extended(sent.headers["Authorization"], len(text), more)
    assert digest == hashlib.sha256(text + padding + more).hexdigest(), "the forgery is a real one"
    longer = sent.but(raw=sent.raw + padding + more).under(Authorization=digest)
    # The gateway hands over text: then it is not the forger's bytes any more. Bytes are refused.
    assert longer.deliver(demo).code in {"V0010", "V0005"}
    assert demo.query("payment", trans_id).code == "C0004"
    audited("signature", sid=demo.sid, field="Authorization")
    headers = {name.lower(): value for name, value in longer.headers.items()}
    as_bytes = Request("POST", sent.target, [], headers, longer.raw)
    owner = a_store(
        sid=demo.sid, sign_type="SHA256", sign_keys=(SignKey(demo.key_id or "k", demo.sign_key),)
    )
    with pytest.raises(MalformedBody):
        authenticate(as_bytes, owner, time.time())


@e2e
def test_our_own_signature_is_good_for_no_request(shop: Merchant, audited: Audited) -> None:
    """A stranger has a refusal signed, under a path and a MsgID that he chooses, and plays it back
    as the body of a request: to every operation there is."""

    def play_back(method: str, path: str) -> str:
        target = path.replace("{sid}", shop.sid).replace("{merchantOrderID}", "ORDER-1")
        target += "?token=pmt_0&merchantTransID=X"
        headers = shop.headers(method, target, b"") | {"Authorization": "0" * 64}
        refusal, raw = shop.send(method, target, b"", headers)
        names = ("authorization", "datetime", "msgid", "signtype")
        again = {name: refusal.headers[name] for name in names}
        answer, _ = shop.send(method, target, raw, again)
        return answer.code

    with ThreadPoolExecutor(3) as pool:
        asked = {one.id: pool.submit(play_back, one.method.upper(), one.path) for one in OPERATIONS}
        codes = {name: answer.result() for name, answer in asked.items()}
    linkpay = {one.id for one in OPERATIONS if one.linkpay}
    assert {name: code for name, code in codes.items() if name not in linkpay} == {
        one.id: "V0010" for one in OPERATIONS if one.id not in linkpay
    }
    assert {codes[name] for name in linkpay} == {"B0007"}, "LinkPay's code for a wrong signature"
    audited("signature", sid=shop.sid, field="result")
    audited("signature", sid=shop.sid, field="body")


@pytest.mark.parametrize("matches", [True, False])
def test_one_function_decides_and_takes_the_same_time_for_all(
    monkeypatch: pytest.MonkeyPatch, *, matches: bool
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, expected: bytes) -> bool:
        compared.append((given, expected))
        return matches

    monkeypatch.setattr(hmac, "compare_digest", compare)
    query = [("b", "1 2"), ("a", "x/y")]
    target = signature.verified_target(
        "f" * 64,
        sign_type="HMAC-SHA256",
        key="k",
        method="POST",
        path="/g2/x",
        query=query,
        stamp="now",
        msg_id="m",
        body="{}",
    )
    every = list(signature.targets("POST", "/g2/x", query))
    assert len(compared) == len(every) > 1, "every spelling is compared, whichever matches"
    assert target == (every[0] if matches else None)


@pytest.mark.parametrize("module", [signature, link_orders, authenticate_payer])
def test_secrets_are_compared_by_nothing_else(module: object) -> None:
    """No ``==`` on a signature or a secret, and no way out of the loop over the spellings."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    names = {"signature", "given", "expected", "secret", "known"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            sides = [node.left, *node.comparators]
            touched = {one.id for one in sides if isinstance(one, ast.Name)} & names
            assert not touched, ast.unparse(node)
        if isinstance(node, ast.For) and "compare_digest" in ast.unparse(node):
            inside = [one for one in ast.walk(node) if isinstance(one, ast.Return | ast.Break)]
            assert not inside
    assert "compare_digest" in ast.unparse(tree)


def extended(digest: str, length: int, more: bytes) -> tuple[bytes, str]:
    """The padding that SHA-256 put behind ``length`` bytes, and the hash of all with ``more``
    behind it, from the first hash alone (FIPS 180-4)."""
    padding = b"\x80" + bytes(-(length + 9) % 64) + struct.pack(">Q", 8 * length)
    done = length + len(padding)
    state = list(struct.unpack(">8I", bytes.fromhex(digest)))
    rest = more + b"\x80" + bytes(-(done + len(more) + 9) % 64)
    rest += struct.pack(">Q", 8 * (done + len(more)))
    for at in range(0, len(rest), 64):
        state = _compressed(state, rest[at : at + 64])
    return padding, struct.pack(">8I", *state).hex()


_WORD = 0xFFFFFFFF
_PRIMES = [n for n in range(2, 312) if all(n % d for d in range(2, n))]


def _root_bits(n: int) -> int:
    """The first 32 bits of the fraction of a cube root, by whole numbers."""
    low, high = 0, n << 32
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= n << 96 else (low, middle - 1)
    return low & _WORD


_ROUNDS = [_root_bits(prime) for prime in _PRIMES]


def _turned(word: int, *counts: int) -> int:
    found = 0
    for count in counts:
        found ^= (word >> count | word << (32 - count)) & _WORD
    return found


def _compressed(state: list[int], block: bytes) -> list[int]:
    words = list(struct.unpack(">16I", block))
    for t in range(16, 64):
        low = _turned(words[t - 15], 7, 18) ^ words[t - 15] >> 3
        high = _turned(words[t - 2], 17, 19) ^ words[t - 2] >> 10
        words.append((words[t - 16] + low + words[t - 7] + high) & _WORD)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(_ROUNDS, words, strict=True):
        chosen = (e & f) ^ (~e & g)
        one = (h + _turned(e, 6, 11, 25) + chosen + constant + word) & _WORD
        two = (_turned(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c))) & _WORD
        a, b, c, d, e, f, g, h = (one + two) & _WORD, a, b, c, (d + one) & _WORD, e, f, g
    made = (a, b, c, d, e, f, g, h)
    return [(old + new) & _WORD for old, new in zip(state, made, strict=True)]
