"""What both functions import from the layer."""


class NotSent(Exception):
    """Nothing reached the network."""


class Declined(Exception):
    """The issuer said no."""
