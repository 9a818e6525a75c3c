"""Serve until SIGTERM or SIGINT; the settings are MiniStack's own, from the environment."""

import os
import sys

from ministack import app
from ministack.core import lambda_runtime

from local.engine import (
    api,
    consumers,
    dispatch,
    functions,
    metering,
    saving,
    serving,
    tracing,
    workflows,
)


def main() -> None:
    """Put MiniStack right and serve."""
    functions.install()
    api.install()
    workflows.install()
    consumers.install()
    tracing.install()
    dispatch.install()
    if "TIDEGATE_METER" in os.environ:
        metering.install()
    serving.install()
    saving.start()
    sys.argv = ["ministack"]  # it reads options of its own
    try:
        app.main()
    finally:
        lambda_runtime.reset()  # ends the functions' processes


if __name__ == "__main__":
    main()
