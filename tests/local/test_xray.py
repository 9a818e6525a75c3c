"""Segments are received as the SDK sends them, and found by payment."""

import json
import os
import socket
import sys
import time
from pathlib import Path

from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment

from local import xray
from local.processes import Child, free_port


def test_what_the_sdk_emits_is_received_and_listed_by_payment(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    file = tmp_path / "segments.jsonl"
    command = [sys.executable, "-m", "local.xray", "--port", str(port), "--file", str(file)]
    receiver = Child("receiver", command, dict(os.environ), tmp_path / "log")
    receiver.start()
    receiver.wait_until(file.exists)
    segment = Segment("create_payment")
    step = Subsegment("authorize", "local", segment)
    step.put_annotation("payment_id", "P-1")
    segment.add_subsegment(step)
    step.close()
    segment.close()
    emitter = UDPEmitter(f"127.0.0.1:{port}")
    emitter.send_entity(segment)
    deadline = time.monotonic() + 5
    while not xray.read(file) and time.monotonic() < deadline:
        time.sleep(0.01)
    receiver.stop()

    segments = xray.read(file)
    assert list(xray.traces_of(segments, "P-1")) == [segment.trace_id]
    assert xray.traces_of(segments, "P-2") == {}
    assert list(xray.describe(segments, None)) == ["P-1  1 trace"]
    trace, outer, inner = xray.describe(segments, "P-1")
    assert trace == segment.trace_id
    assert "create_payment" in outer
    assert inner.endswith("authorize  payment_id=P-1")


def test_a_subsegment_sent_alone_belongs_to_its_trace() -> None:
    first = {"trace_id": "1-a", "name": "handler", "start_time": 1.0, "end_time": 1.5}
    second = {**first, "annotations": {"payment_id": "P-1"}, "type": "subsegment"}
    other = {**first, "trace_id": "1-b"}

    assert xray.traces_of([first, second, other], "P-1") == {"1-a": [first, second]}


def test_anything_else_is_ignored() -> None:
    header = json.dumps({"format": "json", "version": 1}).encode()

    assert xray.parse(b"noise") is None
    assert xray.parse(header + b"\n[1]") is None
    assert xray.parse(b'["json"]\n{"trace_id":"1"}') is None
    assert xray.parse(header + b'\n{"trace_id":"1-a"}') == {"trace_id": "1-a"}
