"""Programs that drive the gateway through other people's clients, each in the clients' own
environment; nothing of ours is imported there."""
