"""`python -m local …`: what the Makefile calls."""

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from local import demo_store, xray
from local.environments import ROOT
from local.errors import LocalError
from local.running import Running, recorded_port, stop_running
from local.stack import Stack, mails

STATE_DIR = ROOT / ".local"
KEPT_BY_CLEAN = ("env", "build", "layer-cache")
DEFAULT_PORT = 8080
CHECK_EVERY_S = 1.0


def _progress() -> Callable[[str], None]:
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"· {time.monotonic() - started:5.1f} s  {line}", flush=True)

    return say


def up(port: int) -> int:
    """Serve until Ctrl-C."""
    with Running(STATE_DIR), Stack(STATE_DIR, port, say=_progress()) as stack:
        print(demo_store.welcome(stack), flush=True)
        while not stack.dead_parts():
            time.sleep(CHECK_EVERY_S)
        raise LocalError(
            f"Ended by itself: {', '.join(stack.dead_parts())} (logs: {STATE_DIR / 'logs'})."
        )


def demo() -> int:
    """A payment's whole life in a stack of its own, made anew; 0 if all of it went as it should."""
    from local import demo as story

    state_dir = STATE_DIR / "demo"
    shutil.rmtree(state_dir, ignore_errors=True)
    with Stack(state_dir, say=_progress(), metered=True) as stack:
        return story.tell(stack)


def show_traces(payment_id: str | None) -> int:
    """The payments seen by X-Ray, or the traces of one."""
    segments = xray.read(STATE_DIR / "xray" / "segments.jsonl")
    for line in xray.describe(segments, payment_id):
        print(line)
    return 0


def show_mails() -> int:
    """Every mail sent."""
    for mail in mails(f"http://127.0.0.1:{recorded_port(STATE_DIR, 'engine')}"):
        sent = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(mail["Timestamp"]))
        print(f"{sent}  to {', '.join(mail['To'])}  {mail['Subject']}\n{mail['BodyText']}\n")
    return 0


def clean() -> int:
    """Forget the state; environments and builds stay."""
    for path in STATE_DIR.iterdir():
        if path.name not in KEPT_BY_CLEAN:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "serve until Ctrl-C"), ("demo", "show a payment's whole life")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--port", type=int, default=os.environ.get("PORT", DEFAULT_PORT))
    traces = commands.add_parser("traces", help="list X-Ray traces per payment")
    traces.add_argument("payment_id", nargs="?")
    commands.add_parser("mails", help="show the mails that were sent")
    commands.add_parser("stop", help="stop what `up` started elsewhere")
    commands.add_parser("clean", help="forget the state")
    return parser


def main(arguments: list[str]) -> int:
    """Run one command; what the user can mend is one sentence and exit code 1."""
    options = _parser().parse_args(arguments)
    # SIGINT as well: a shell starts background jobs with it ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        match options.command:
            case "up":
                return up(options.port)
            case "demo":
                return demo()
            case "traces":
                return show_traces(options.payment_id)
            case "mails":
                return show_mails()
            case "stop":
                return stop_running(STATE_DIR)
            case _:
                return clean()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        return 0 if options.command == "up" else 130


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    Path.mkdir(STATE_DIR, exist_ok=True)
    sys.exit(main(sys.argv[1:]))
