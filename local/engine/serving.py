"""HTTP by uvicorn with its compiled parser and loop.

MiniStack is served by hypercorn, which parses in Python: a millisecond of each request, and a
payment makes ten of them. It is one process, so what they cost together bounds what it can serve.
"""

import asyncio
import sys
from typing import Any

import hypercorn.asyncio
import uvicorn
import uvloop

LISTEN_QUEUE = 512
STOP_S = 5
SWITCH_S = 0.0005


def install() -> None:
    """Have MiniStack's `main` serve by uvicorn."""
    hypercorn.asyncio.serve = _serve
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # Requests hop between threads; stock, each hop may wait 5 ms for whoever computes meanwhile.
    sys.setswitchinterval(SWITCH_S)


async def _serve(app: Any, config: Any) -> None:
    """Serve `app` where hypercorn's `config` says; it ends on SIGTERM or SIGINT."""
    host, port = config.bind[0].rsplit(":", 1)
    settings = uvicorn.Config(
        app,
        host=host,
        port=int(port),
        http="httptools",
        ws="none",
        lifespan="on",
        log_level=config.loglevel.lower(),
        access_log=False,
        server_header=False,
        date_header=False,  # the application writes its own
        proxy_headers=False,
        backlog=LISTEN_QUEUE,
        timeout_keep_alive=int(config.keep_alive_timeout),
        timeout_graceful_shutdown=STOP_S,
    )
    await uvicorn.Server(settings).serve()
