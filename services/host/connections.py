"""How many connections are open, in all and by address."""

from collections import Counter

from uvicorn.server import ServerState

MAX_CONNECTIONS = 4096
# Generous, because a whole office or an edge proxy comes from one address.
MAX_CONNECTIONS_PER_ADDRESS = 1024


class ConnectionCounts:
    """Counts that never exceed their limits."""

    def __init__(self, total: int = MAX_CONNECTIONS, per_address: int = MAX_CONNECTIONS_PER_ADDRESS) -> None:
        self._most, self._most_per_address = total, per_address
        self._total = 0
        self._by_address: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count a connection; False when there are too many, which is then not counted."""
        if self._total >= self._most or self._by_address[address] >= self._most_per_address:
            return False
        self._total += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Take back one `enter` that said True."""
        self._total -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


class LimitedServerState(ServerState):
    """uvicorn's shared state of one server, and the counts."""

    def __init__(self, counts: ConnectionCounts) -> None:
        super().__init__()
        self.counts = counts
