"""`redwell serve` with a steered clock: `python -m tests.harness.alone NAME LISTEN OPS CLOCK_FILE`."""

import sys
from pathlib import Path

from services.host.alone import run_alone
from services.host.listeners import Address
from tests.harness.clock import steered

if __name__ == "__main__":
    name, listen, ops, clock = sys.argv[1:]
    run_alone(name, Address.parse(listen), Address.parse(ops), steered(Path(clock)))
