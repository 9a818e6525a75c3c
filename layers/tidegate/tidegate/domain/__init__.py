"""The rules of payments: pure functions and values. No I/O, no AWS, no clock."""
