"""Ratios and exact counters: every figure stands beside a yardstick of the same run."""
