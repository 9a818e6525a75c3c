"""A stand-in for the X-Ray daemon: keeps what the functions report, and lists it per payment.

The SDK sends UDP datagrams: one JSON line that names the format, then the segment as JSON.
"""

import argparse
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LARGEST_DATAGRAM = 65_535

Segment = dict[str, Any]


def parse(datagram: bytes) -> Segment | None:
    """The segment of a datagram, or None if it is not one."""
    header, _, body = datagram.partition(b"\n")
    try:
        if json.loads(header).get("format") != "json":
            return None
        segment = json.loads(body)
    except (ValueError, AttributeError):
        return None
    return segment if isinstance(segment, dict) and "trace_id" in segment else None


def receive(listening: socket.socket, path: Path) -> None:
    """Append each segment to `path` as one line, until the process ends."""
    with path.open("a", buffering=1) as file:
        while True:
            segment = parse(listening.recv(LARGEST_DATAGRAM))
            if segment is not None:
                file.write(json.dumps(segment, separators=(",", ":")) + "\n")


def read(path: Path) -> list[Segment]:
    """Every segment received so far, oldest first."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def annotations(segment: Segment) -> dict[str, Any]:
    """The annotations of a segment and of everything below it."""
    found: dict[str, Any] = {}
    for part in walk(segment):
        found |= part.get("annotations") or {}
    return found


def walk(segment: Segment) -> Iterator[Segment]:
    """A segment and all of its subsegments, outermost first."""
    yield segment
    for part in segment.get("subsegments") or ():
        yield from walk(part)


def traces_of(segments: list[Segment], payment_id: str) -> dict[str, list[Segment]]:
    """The segments of each trace that is annotated with a payment id, by trace id."""
    wanted = {
        segment["trace_id"]
        for segment in segments
        if annotations(segment).get("payment_id") == payment_id
    }
    traces: dict[str, list[Segment]] = {}
    for segment in segments:
        if segment["trace_id"] in wanted:
            traces.setdefault(segment["trace_id"], []).append(segment)
    return traces


def describe(segments: list[Segment], payment_id: str | None) -> Iterator[str]:
    """Lines for a reader: the payments seen, or the traces of one of them."""
    if payment_id is None:
        counts: dict[str, set[str]] = {}
        for segment in segments:
            payment = annotations(segment).get("payment_id")
            if payment is not None:
                counts.setdefault(str(payment), set()).add(segment["trace_id"])
        for payment, traces in counts.items():
            yield f"{payment}  {len(traces)} trace{'s' if len(traces) != 1 else ''}"
        return
    for trace_id, parts in traces_of(segments, payment_id).items():
        yield trace_id
        for part in sorted(parts, key=lambda part: part["start_time"]):
            for step in walk(part):
                yield f"  {_line(step)}"


def _line(segment: Segment) -> str:
    took_ms = 1000 * (segment.get("end_time", segment["start_time"]) - segment["start_time"])
    notes = " ".join(f"{key}={value}" for key, value in (segment.get("annotations") or {}).items())
    fault = " FAULT" if segment.get("fault") or segment.get("error") else ""
    return f"{took_ms:7.1f} ms  {segment['name']}{fault}  {notes}".rstrip()


def main() -> int:
    """Receive until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="local.xray")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", options.port))
        options.file.parent.mkdir(parents=True, exist_ok=True)
        print(f"X-Ray segments on 127.0.0.1:{options.port}/udp", flush=True)
        receive(listening, options.file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
