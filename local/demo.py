"""The life of payments told once: from authorization to a reconciled settlement, and a tampered
file found out.

Everything is done over HTTP, through the stack's own workflows, and checked: the story ends with
0 only if it went as told.
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from local.demo_cost import bill
from local.errors import LocalError
from local.evidence import Evidence, found_in
from local.merchant_client import Answer, Merchant
from local.operations import Operations
from local.stack import Stack
from local.tampering import tampered

VISA, MASTERCARD = ("4761739999000213", "1249"), ("5120350100064594", "1030")
NETWORKS = ("visa", "mastercard")
WITHIN_S = 60.0


def tell(stack: Stack) -> int:
    """Tell it; 0 if all of it went as it should."""
    try:
        _Story(stack).tell()
    except (LocalError, AssertionError, KeyError) as error:
        print(f"\nThe story went wrong: {error!r}", flush=True)
        return 1
    print("\nThe story went as it should.", flush=True)
    return 0


@dataclass
class _Story:
    stack: Stack
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    steps: int = 0

    def __post_init__(self) -> None:
        store = self.stack.store
        self.merchant = Merchant(
            store["baseUrl"], store["sid"], store["signKey"], store["signType"]
        )
        self.operations = Operations(self.stack)
        self.evidence = Evidence(self.stack)

    def tell(self) -> None:
        self.pay_and_change()
        self.unknown_outcomes()
        self.first_day()
        self.second_day()
        self.tampered_day()
        self.look_back()
        self.count_up()

    def pay_and_change(self) -> None:
        self.chapter("A merchant takes payments")
        self.expect(self.pay("BOOK", "88.00"), "Authorised")
        self.expect(self.change("capture", "BOOK", "80.00"), "Captured")
        self.expect(self.change("refund", "BOOK", "30.00"), "Partial Refunded")
        self.expect(self.pay("LAMP", "120.00", MASTERCARD, captureAfterHours="0"), "Captured")
        self.expect(self.pay("LATE", "55.77", captureAfterHours="0"), "Captured")
        self.expect(self.pay("VOID", "15.00"), "Authorised")
        self.expect(self.change("cancel", "VOID"), "Cancelled")
        self.expect(self.pay("POOR", "10.51"), "Failed", "I0051")

    def unknown_outcomes(self) -> None:
        self.chapter("Two answers are lost: one was booked by the host (62), one was not (68)")
        for name, value in (("LOST", "20.62"), ("GONE", "30.68")):
            answer = self.pay(name, value, MASTERCARD)
            self.check(answer["payment"]["status"] in {"Failed", "Pending"}, "told honestly")
        self.wait(self.nothing_pending, "the janitor has ended what was unknown")
        self.check(self.books_agree(), "the hosts' books equal ours")

    def first_day(self) -> None:
        self.chapter("The first day is settled")
        result = self.settle()
        # Captured 80.00 + 120.00 + 55.77, refunded 30.00; fees 2.2 % + 1.00, 2.4 % + 1.00, 0.50.
        fees = (176 + 100) + (288 + 100) + (123 + 100) + 50
        self.check(result["captured_minor"] == 25_577, "captured HKD 255.77")
        self.check(result["refunded_minor"] == 3_000, "refunded HKD 30.00")
        self.check(result["fees_minor"] == fees, f"fees HKD {fees / 100:.2f}")
        self.check(result["payout_minor"] == 25_577 - 3_000 - fees, "the rest is paid out")
        reports = self.reconcile()
        self.check(
            reports["visa"]["counts"] == {"matched": 2, "carried": 1}, "one is late: carried"
        )
        self.check(reports["mastercard"]["counts"] == {"matched": 1}, "Mastercard matches")

    def second_day(self) -> None:
        self.chapter("The second day brings the late arrival")
        self.expect(self.pay("PEN", "31.00", captureAfterHours="0"), "Captured")
        self.settle()
        reports = self.reconcile()
        self.check(reports["visa"]["counts"] == {"matched": 2}, "it is matched")
        self.check(reports["visa"]["openBreaks"] == 0, "no open break")

    def tampered_day(self) -> None:
        self.chapter("Somebody tampers with a settlement file")
        for name, value in (("INK", "41.00"), ("MAP", "42.00"), ("CUP", "43.00"), ("HAT", "44.00")):
            self.pay(name, value, captureAfterHours="0")
        self.settle()
        file_id = self.operations.end_host_day("visa")
        assert file_id is not None
        content, expected = tampered(self.operations.settlement_file("visa", file_id))
        bucket = self.stack.outputs["FilesBucket"]
        key = f"network-files/visa/{file_id}"
        self.stack.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        report = self.wait_report("visa", file_id)
        found = {kind: n for kind, n in report["counts"].items() if kind in expected}
        self.check(found == expected, f"exactly the breaks that were made: {expected}")
        for one in self.breaks("visa"):
            self.say(
                f"   break {one['kind']:<16} {one['arn']}  difference {one['difference_minor']}"
            )

    def look_back(self) -> None:
        self.chapter("What was told, and what was traced")
        self.wait(lambda: self.webhooks("BOOK") >= 3, "the merchant was notified of every change")
        self.say(f"   webhooks received: {len(self.operations.received_webhooks())}")
        for mail in self.stack.mails():
            self.say(f"   mail to {mail['To'][0]}: {mail['Subject']}")
        self.wait(lambda: self.trace("BOOK"), "the payment's traces are there")
        self.say(f"   trace of {self.id('BOOK')}: {self.trace('BOOK')}")
        self.check(
            not self.leaks(),
            "no card number in table, files, logs, state inputs, mails, webhooks or traces",
        )

    def count_up(self) -> None:
        self.chapter("What all of this would have cost on AWS")
        for line in bill(self.stack):
            self.say(line)
        self.say("   `make bench PART=cost` prices a million payments; docs/cost.md argues it")

    # What a merchant does.

    def pay(self, name: str, value: str, card: tuple[str, str] = VISA, **more: Any) -> Answer:
        pan, expiry = card
        answer = self.merchant.payment(self.id(name), value, pan=pan, expiry=expiry, **more)
        self.show("payment", self.id(name), answer)
        return answer

    def change(self, kind: str, name: str, value: str | None = None) -> Answer:
        own = f"{self.id(name)}-{kind[:3].upper()}"
        answer = self.merchant.change(kind, self.id(name), own, value)
        self.show(kind, own, answer)
        return answer

    def id(self, name: str) -> str:
        return f"{name}-{self.run}"

    # What an operator does.

    def settle(self) -> dict[str, Any]:
        """Settle the day that is open, once everything captured so far stands in it."""
        day = self.wait(self.open_day, "everything captured is in the ledger")
        self.say(f"   settling {day} …")
        output = self.operations.settle(self.merchant.sid, "HKD", day)
        result: dict[str, Any] = output["result"]
        for one in output["clearing"]:
            self.say(f"   clearing file {one['fileId']}: {one['records']} presentments")
        posting = result.get("posting", {})
        self.say(f"   payout HKD {result['payout_minor'] / 100:.2f}, posting {posting}")
        return result

    def reconcile(self) -> dict[str, dict[str, Any]]:
        """End each host's day, fetch the files, wait for their reconciliation."""
        made = {name: self.operations.end_host_day(name) for name in NETWORKS}
        self.operations.invoke("CollectNetworkFilesFunction", {})
        reports = {name: self.wait_report(name, id_) for name, id_ in made.items() if id_}
        for name, report in reports.items():
            self.say(f"   {name} {report['fileId']}: {report['counts']}, {report['accounts']}")
        return reports

    def open_day(self) -> str | None:
        items = self.evidence.items()
        days = {
            item["s"]["S"]
            for item in items
            if item["p"]["S"] == f"B#{self.merchant.sid}#HKD" and item["st"]["S"] == "open"
        }
        pages = [item for item in items if item["p"]["S"].startswith("L#")]
        booked = "\n".join(line for page in pages for line in page.get("b", {}).get("SS", ()))
        moved = {
            f"{item['p']['S'].split('#', 2)[2]}|{line.split('|')[0]}"
            for item in items
            if item.get("t", {}).get("S") == "p"
            for line in item.get("h", {}).get("S", "").split("\n")
            if line.split("|")[4:5] not in ([], [""])
        }
        return max(days) if days and all(one in booked for one in moved) else None

    def wait_report(self, network: str, file_id: str) -> dict[str, Any]:
        def done() -> dict[str, Any] | None:
            key = {"p": {"S": f"R#{network}"}, "s": {"S": f"RUN#{file_id}"}}
            table = self.stack.outputs["TableName"]
            item = self.stack.client("dynamodb").get_item(TableName=table, Key=key).get("Item")
            return json.loads(item["j"]["S"]) if item else None

        report: dict[str, Any] = self.wait(done, f"{network}'s file {file_id} is reconciled")
        return report

    def breaks(self, network: str) -> list[dict[str, Any]]:
        found = [item for item in self.evidence.items() if item["p"]["S"] == f"X#{network}"]
        return [json.loads(item["j"]["S"]) for item in found]

    def nothing_pending(self) -> bool:
        self.operations.sweep()
        names = ("LOST", "GONE")
        answers = [self.merchant.query("payment", self.id(name)) for name in names]
        return all(answer["payment"]["status"] == "Failed" for answer in answers)

    def books_agree(self) -> bool:
        """What the hosts hold authorized is what we hold captured or authorized."""
        theirs: int = sum(
            one["remaining_minor"]
            for name in NETWORKS
            for one in self.operations.books(name)["authorizations"]
            if one["kind"] == "purchase" and not one["reversed"]
        )
        ours = sum(
            int(item.get("ca", {}).get("N", 0)) + int(item.get("cd", {}).get("N", 0))
            for item in self.evidence.items()
            if item.get("t", {}).get("S") == "p"
        )
        self.say(f"   hosts HKD {theirs / 100:.2f}, ours HKD {ours / 100:.2f}")
        return theirs == ours

    def webhooks(self, name: str) -> int:
        return sum(self.id(name) in one["body"] for one in self.operations.received_webhooks())

    def trace(self, name: str) -> str:
        from local.xray import traces_of

        return ", ".join(traces_of(self.stack.segments(), self.id(name)))

    def leaks(self) -> bool:
        """Whether a card number stands anywhere at rest; the public test numbers serve as bait."""
        held = [
            *self.evidence.everywhere(),
            json.dumps(self.operations.received_webhooks()).encode(),
        ]
        self.say(f"   searched {len(held)} places, {sum(map(len, held)) // 1024} KiB")
        return bool(found_in(held, [pan for pan, _ in (VISA, MASTERCARD)]))

    # How it is told.

    def chapter(self, title: str) -> None:
        self.say(f"\n== {title}")

    def show(self, what: str, trans_id: str, answer: Answer) -> None:
        payment = answer["payment"]
        evo = payment["evoTransInfo"]["evoTransID"]
        self.steps += 1
        self.say(
            f"{self.steps:>2} {what:<8} {trans_id:<18} {answer.code}  {payment['status']:<17} {evo}"
        )

    def expect(self, answer: Answer, status: str, code: str = "S0000") -> None:
        if (answer["payment"]["status"], answer.code) != (status, code):
            raise LocalError(f"expected {status} {code}, got {answer.body}")

    def check(self, holds: bool, what: str) -> None:
        self.say(f"   {'✓' if holds else '✗'} {what}")
        if not holds:
            raise LocalError(f"not so: {what}")

    def wait(self, check: Any, what: str) -> Any:
        began = time.monotonic()
        found = self.operations.wait(check, what, WITHIN_S)
        self.say(f"   ✓ {what} ({time.monotonic() - began:.1f} s)")
        return found

    def say(self, line: str) -> None:
        print(line, flush=True)
