"""The garbage collector rests while a function is made.

Nearly all that is made then, modules and clients, lives as long as the process: looking through it
again and again finds no garbage, neither at init nor, once it is set apart, while requests wait.
"""

from __future__ import annotations

import gc
import os


def begin() -> None:
    """With the first import of ours; on Lambda only, where ``end`` follows."""
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        gc.disable()


def end() -> None:
    """When the handler is there, which is the last that a function's module makes."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
