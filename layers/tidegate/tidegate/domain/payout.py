"""A payout instruction to the bank: ISO 20022 pain.001.001.09, one credit transfer.

The message and end-to-end ids are the batch's own, so an instruction that arrives twice is
recognised as the same. The account to be debited goes by the name agreed with the bank, one per
currency; the bank that reads the file is the debtor's agent, which ISO 20022 writes NOTPROVIDED.
"""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

from tidegate.domain.ledger import BatchKey
from tidegate.domain.money import Money
from tidegate.domain.store import PayoutAccount

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
PLATFORM = "Tidegate"
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Za-z0-9]{11,30}")


def payout_instruction(key: BatchKey, account: PayoutAccount, minor: int, on: date) -> bytes:
    """The instruction; ``minor`` is more than zero."""
    amount = Money(minor, key.currency).value
    root = ET.Element("Document", xmlns=NAMESPACE)
    message = ET.SubElement(root, "CstmrCdtTrfInitn")
    header = ET.SubElement(message, "GrpHdr")
    _text(header, "MsgId", str(key))
    _text(header, "CreDtTm", f"{on.isoformat()}T00:00:00Z")
    _text(header, "NbOfTxs", "1")
    _text(header, "CtrlSum", amount)
    _text(ET.SubElement(header, "InitgPty"), "Nm", PLATFORM)
    payment = ET.SubElement(message, "PmtInf")
    _text(payment, "PmtInfId", str(key))
    _text(payment, "PmtMtd", "TRF")
    _text(ET.SubElement(payment, "ReqdExctnDt"), "Dt", on.isoformat())
    _text(ET.SubElement(payment, "Dbtr"), "Nm", PLATFORM)
    _identify(ET.SubElement(ET.SubElement(payment, "DbtrAcct"), "Id"), f"TIDEGATE-{key.currency}")
    own_bank = ET.SubElement(ET.SubElement(payment, "DbtrAgt"), "FinInstnId")
    _text(ET.SubElement(own_bank, "Othr"), "Id", "NOTPROVIDED")
    transfer = ET.SubElement(payment, "CdtTrfTxInf")
    _text(ET.SubElement(transfer, "PmtId"), "EndToEndId", str(key))
    _text(ET.SubElement(transfer, "Amt"), "InstdAmt", amount).set("Ccy", key.currency)
    institution = ET.SubElement(ET.SubElement(transfer, "CdtrAgt"), "FinInstnId")
    _text(institution, "BICFI", account.bank)
    creditor = ET.SubElement(transfer, "Cdtr")
    _text(creditor, "Nm", account.holder)
    _text(ET.SubElement(creditor, "PstlAdr"), "Ctry", account.country)
    _identify(ET.SubElement(ET.SubElement(transfer, "CdtrAcct"), "Id"), account.account)
    _text(ET.SubElement(transfer, "RmtInf"), "Ustrd", f"Settlement {key}")
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _identify(parent: ET.Element, account: str) -> None:
    together = account.replace(" ", "")
    if _IBAN.fullmatch(together):
        _text(parent, "IBAN", together)
    else:
        _text(ET.SubElement(parent, "Othr"), "Id", account)


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element
