"""Card hosts as the sandbox's own tests run them."""

from tests.sandbox.conftest import host

__all__ = ["host"]
