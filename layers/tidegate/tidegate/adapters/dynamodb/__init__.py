"""The single table: pynamodb's expressions over our own wire; docs/decisions.md says why."""
