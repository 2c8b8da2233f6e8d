"""`redwell serve NAME`: one service as a process of its own, behind an edge proxy. Settings: `REDWELL_*`."""

from services.host.alone import run_alone
from services.host.errors import HostError
from services.host.listeners import Address

SERVICES = ("gateway", "auth", "docs", "audit")


def serve(name: str, listen: str, ops: str) -> None:
    """Serve until told to stop.

    Raises:
        HostError: there is no such service, or an address cannot be had.
    """
    if name not in SERVICES:
        raise HostError(f"There is no service {name!r}; choose one of {', '.join(SERVICES)}.")
    run_alone(name, Address.parse(listen), Address.parse(ops))
