"""The other side of every network: hosts and merchants that the gateway is tried against.

They speak the same bytes (docs/networks.md) with codecs of their own and import nothing from
``layers/``, so that an error in one side cannot hide behind the same error in the other.
"""
