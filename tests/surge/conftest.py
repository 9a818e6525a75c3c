"""A stack of its own: nobody else may be slowed down by a surge, or spoil its counts."""

from tests.e2e.conftest import stack

__all__ = ["stack"]
