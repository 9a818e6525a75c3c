"""``python -m tidegate.operator``: create and change stores, look at breaks, load rates and card
ranges, send notices again; on a laptop and on AWS.

The table, the key and the notices' workflow come from the environment (``TABLE_NAME``,
``KMS_KEY_ID``, ``NOTICES_STATE_MACHINE_ARN``) or from a stack's outputs (``--stack``).
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import sys
import textwrap
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tidegate import operator_cards, operator_fx, operator_notices
from tidegate.adapters.card_decryption import KmsCardDecryption
from tidegate.adapters.dynamodb.card_ranges import RangeTable
from tidegate.adapters.dynamodb.fx import DynamoRates
from tidegate.adapters.dynamodb.reconciliation import DynamoBreaks
from tidegate.adapters.dynamodb.store_document import read_store, write_store
from tidegate.adapters.dynamodb.stores import DynamoStores
from tidegate.domain.errors import StoreUnknown, TidegateError
from tidegate.domain.store import PayoutAccount, SignKey, Store

CARD_INFO_KEY = "CARD_INFO_KEY_ID"


@dataclass(frozen=True)
class Desk:
    """What an operator works on."""

    stores: DynamoStores
    breaks: DynamoBreaks
    rates: DynamoRates
    ranges: RangeTable
    names: Mapping[str, str]
    """The stack's resources, under the names of the functions' variables."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if it was done, 1 with one sentence if not."""
    options = _parser().parse_args(arguments)
    try:
        answer = options.run(_desk(options.stack), options)
    except (TidegateError, OSError, json.JSONDecodeError, KeyError) as error:
        print(f"Not done: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=None if options.json else 2, ensure_ascii=False))
    return 0


def put(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Create or change a store from a file; an existing one keeps its sign keys unless the file
    has some."""
    document = json.loads(Path(options.file).read_text(encoding="utf-8"))
    if options.webhook:
        document["webhook"] = options.webhook
    before = _existing(desk.stores, document.get("sid", ""))
    keys = tuple(SignKey(key["keyID"], key["signKey"]) for key in document.get("signKeys", ()))
    if not keys:
        keys = before.sign_keys if before else (_new_key(),)
    document["version"] = before.version + 1 if before else 1
    store = read_store(document, keys, _payout(document, before))
    if before is None or replace(store, version=before.version) != before:
        desk.stores.put(store)
    return _credentials(store)


def show(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """The store without its secrets."""
    store = desk.stores.get(options.sid, max_age_s=0)
    return write_store(store) | {"keyIDs": [key.key_id for key in store.sign_keys]}


def list_all(desk: Desk, _options: argparse.Namespace) -> dict[str, Any]:
    """Every store id."""
    return {"stores": list(desk.stores.all_sids())}


def rotate_key(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Add a sign key; the newest of the old ones stays live, so that clients can move without a
    pause."""
    store = desk.stores.get(options.sid, max_age_s=0)
    keys = (_new_key(), store.sign_keys[0])
    changed = replace(store, sign_keys=keys, version=store.version + 1)
    desk.stores.put(changed)
    return _credentials(changed)


def retire_key(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Refuse every sign key but the newest, within a minute; done already is fine."""
    store = desk.stores.get(options.sid, max_age_s=0)
    kept, retired = store.sign_keys[0], store.sign_keys[1:]
    if retired:
        desk.stores.put(replace(store, sign_keys=(kept,), version=store.version + 1))
    return {"sid": store.sid, "keyID": kept.key_id, "retired": [key.key_id for key in retired]}


def set_active(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Stop or resume taking requests of a store."""
    store = desk.stores.get(options.sid, max_age_s=0)
    changed = replace(store, active=options.active, version=store.version + 1)
    desk.stores.put(changed)
    return {"sid": changed.sid, "active": changed.active}


def breaks(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Open breaks of a network, oldest first, with their age."""
    now = int(time.time())
    found = [one for one in desk.breaks.all_of(options.network) if not one.closed_by]
    found.sort(key=lambda one: one.first_seen)
    return {"breaks": [asdict(one) | {"days": one.days(now)} for one in found]}


def _credentials(store: Store) -> dict[str, Any]:
    """What a merchant needs to call us; the key is shown only here."""
    return {
        "sid": store.sid,
        "keyID": store.sign_keys[0].key_id,
        "signKey": store.sign_keys[0].secret,
        "signType": store.sign_type,
        "vaultID": store.vault_id,
    }


def _payout(document: dict[str, Any], before: Store | None) -> PayoutAccount:
    given = document.get("payoutAccount")
    if given is None and before is not None:
        return before.payout_account
    if given is None:
        raise KeyError("payoutAccount is missing")
    return PayoutAccount(**{name: given[name] for name in ("holder", "account", "bank", "country")})


def card_info_key(desk: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """The public key under which merchants encrypt card data (PEM)."""
    der = KmsCardDecryption(desk.names[CARD_INFO_KEY]).public_key()
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    pem = ["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----"]
    return {"algorithm": "RSA-OAEP, SHA-256", "publicKey": "\n".join(pem)}


def _existing(stores: DynamoStores, sid: str) -> Store | None:
    try:
        return stores.get(sid, max_age_s=0)
    except StoreUnknown:
        return None


def _new_key() -> SignKey:
    return SignKey(key_id=secrets.token_hex(4), secret=secrets.token_hex(16))


def _desk(stack: str | None) -> Desk:
    """What the commands work on: named by the environment, or by a stack's outputs."""
    names: Mapping[str, str] = os.environ
    if stack is not None:
        import boto3

        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
        names = {
            "TABLE_NAME": outputs["TableName"],
            "KMS_KEY_ID": outputs["KmsKeyId"],
            operator_notices.WORKFLOW: outputs["NoticesStateMachineArn"],
            CARD_INFO_KEY: outputs["CardInfoKeyId"],
        }
    table = names["TABLE_NAME"]
    stores = DynamoStores(table, names["KMS_KEY_ID"])
    return Desk(stores, DynamoBreaks(table), DynamoRates(table), RangeTable(table), names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tidegate.operator", description=__doc__)
    parser.add_argument("--stack", help="take table and key from this stack's outputs")
    parser.add_argument("--json", action="store_true", help="one line, for programs")
    areas = parser.add_subparsers(required=True)
    looking = areas.add_parser("breaks", help=breaks.__doc__)
    looking.add_argument("network")
    looking.set_defaults(run=breaks)
    key = areas.add_parser("card-info-key", help=card_info_key.__doc__)
    key.set_defaults(run=card_info_key)
    operator_cards.add_commands(areas)
    operator_fx.add_commands(areas)
    operator_notices.add_commands(areas)
    store = areas.add_parser("store").add_subparsers(required=True)
    putting = store.add_parser("put", help=put.__doc__)
    putting.add_argument("--file", required=True)
    putting.add_argument("--webhook", help="where the store is notified, instead of the file's")
    putting.set_defaults(run=put)
    store.add_parser("list", help=list_all.__doc__).set_defaults(run=list_all)
    for name, run, more in (
        ("show", show, {}),
        ("rotate-key", rotate_key, {}),
        ("retire-key", retire_key, {}),
        ("disable", set_active, {"active": False}),
        ("enable", set_active, {"active": True}),
    ):
        one = store.add_parser(name, help=run.__doc__)
        one.add_argument("sid")
        one.set_defaults(run=run, **more)
    return parser


if __name__ == "__main__":
    sys.exit(main())
