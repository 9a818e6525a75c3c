"""What can go wrong on this machine."""


class LocalError(Exception):
    """Something outside the program prevents it from running; the message is for the user."""
