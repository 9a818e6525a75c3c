"""Use cases, one a module, written against the Protocols in ``tidegate.ports``."""
