"""The single table, through pynamodb's low-level connection: docs/decisions.md says why."""
