"""Tidegate: a serverless payment gateway and acquiring platform."""
