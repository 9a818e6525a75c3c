"""ISO 8583 over TCP: framing, field tables and the client of a card network's host
(docs/networks.md)."""
