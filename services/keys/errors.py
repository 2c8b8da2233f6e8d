"""The tree of what can go wrong with keys; each leaf stands in the module that raises it."""


class KeysError(Exception):
    """Root of this room's errors. Messages are for operators and logs, never for a caller outside."""
