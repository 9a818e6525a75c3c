"""Consumers of streams and queues, without work that repeats or grows.

* Records of a stream are gathered for a moment, as AWS gathers them for as long as the template's
  batching window says: a burst of payments costs a few invocations, not two for each payment. The
  moment is short, since what waits for it here is a test.
* A FIFO queue's ids of the last five minutes are searched for expired ones once a second, not
  with every message.
"""

import threading
import time
from typing import Any

from ministack.services import lambda_svc, sqs

GATHER_S = 0.25
PRUNE_EVERY_S = 1.0

_pruned_at: dict[str, float] = {}
_started = threading.Lock()

_original_ensure_poller = lambda_svc._ensure_poller
_original_poll_streams = lambda_svc._poll_dynamodb_streams
_original_prune = sqs._prune_dedup


def install() -> None:
    """Replace MiniStack's way to do these."""
    lambda_svc._ensure_poller = _ensure_pollers
    lambda_svc._poll_dynamodb_streams = lambda: False
    sqs._prune_dedup = _prune


def _ensure_pollers() -> None:
    _original_ensure_poller()
    if _started.acquire(blocking=False):
        threading.Thread(target=_follow_streams, name="streams", daemon=True).start()


def _follow_streams() -> None:
    while True:
        time.sleep(GATHER_S)
        try:
            _original_poll_streams()
        except Exception as error:  # noqa: BLE001  as MiniStack's own loop: the next pass may go well
            lambda_svc.logger.error("streams: %s", error)


def _prune(queue: dict[str, Any]) -> None:
    now = time.monotonic()
    if now - _pruned_at.get(queue["url"], 0.0) >= PRUNE_EVERY_S:
        _pruned_at[queue["url"]] = now
        _original_prune(queue)
