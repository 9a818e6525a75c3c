"""The demo store of a stack, and how to pay in it.

Created by the operator command, the same as on AWS; it keeps its sign key as long as its table.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.environments import ROOT
from local.errors import LocalError

if TYPE_CHECKING:
    from local.stack import Stack

DEFINITION = Path(__file__).with_name("demo-store.json")
CARD_RANGES = Path(__file__).with_name("card-ranges.csv")
"""What the contract's examples say of its test cards."""
SHOWN = ("sid", "signKey", "signType", "vaultID")

PAY = """\
#!/bin/sh
# Takes a card payment in the demo store: the request is signed by openssl and sent by curl.
# Usage: sh {script} [amount] [currency]
url={baseUrl} path=/g2/v1/payment/mer/{sid}/payment key={signKey}
when=$(date -u +%Y-%m-%dT%H:%M:%SZ) msg=$(openssl rand -hex 16) id=PAY-$(date +%s)-$$
body='{{"merchantTransInfo":{{"merchantTransID":"'$id'","merchantTransTime":"'$when'"}},\
"transAmount":{{"currency":"'${{2:-HKD}}'","value":"'${{1:-88.00}}'"}},\
"paymentMethod":{{"type":"card","card":{{"cardInfo":{{"cardNumber":"4761340000000043",\
"expiryDate":"1249","cvc":"321"}}}}}},"captureAfterHours":"0"}}'
sign=$(printf '%s\\n%s\\n%s\\n%s\\n%s\\n%s' POST "$path" "$when" "$key" "$msg" "$body" \\
  | openssl dgst -sha256 -r | cut -d' ' -f1)
curl -s "$url$path" -H 'Content-Type: application/json' -H "DateTime: $when" -H "MsgID: $msg" \\
  -H 'SignType: {signType}' -H "Authorization: $sign" -d "$body"; echo
"""


def create(stack: "Stack") -> dict[str, str]:
    """Create the store, or find it with its key, and write `store.json` for outside clients; the
    ECB's newest rates are loaded as well, unless they are there, and the ranges of the test cards.

    Raises:
        LocalError: the operator command failed.
    """
    webhook = stack.url("merchant") + "/webhook"
    commands = (
        ("store", "put", "--file", str(DEFINITION), "--webhook", webhook),
        ("fx", "load-ecb"),
        ("card-ranges", "load", "--file", str(CARD_RANGES)),
    )
    with ThreadPoolExecutor() as at_once:
        made, *_ = at_once.map(lambda command: operate(stack, *command), commands)
    account = {"baseUrl": stack.base_url, **{name: made[name] for name in SHOWN}}
    (stack.state_dir / "store.json").write_text(json.dumps(account, indent=2) + "\n")
    return account


def welcome(stack: "Stack") -> str:
    """What to do next; the way to pay is also written to a script."""
    script = stack.state_dir / "pay.sh"
    shown = script.relative_to(ROOT) if script.is_relative_to(ROOT) else script
    how = PAY.format(script=shown, **stack.store)
    script.write_text(how)
    facts = "\n".join(f"  {name:<8} {value}" for name, value in stack.store.items())
    places = {
        "webhooks received": stack.url("merchant"),
        "mails sent": ".local/env/dev/bin/python -m local mails",
        "traces": ".local/env/dev/bin/python -m local traces [payment id]",
        "embedded AWS": f"AWS_ENDPOINT_URL={stack.endpoint_url}",
    }
    where = "\n".join(f"  {name:<18} {value}" for name, value in places.items())
    return (
        f"\nTidegate is ready.\n{facts}\n\n{where}\n\n"
        f"Pay with `sh {shown} 88.00 HKD`, which does:\n\n{how}\nCtrl-C stops it."
    )


def operate(stack: "Stack", *arguments: str) -> dict[str, Any]:
    """What the operator's command shows that is given ``arguments``; raises LocalError with the
    last that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "tidegate.operator", "--json", *arguments],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise LocalError(f"`{' '.join(arguments[:2])}` failed: {said[-1]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
