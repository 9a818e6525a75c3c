"""Tidegate: a serverless payment gateway and acquiring platform."""

from tidegate.runtime import cold_start

cold_start.begin()
