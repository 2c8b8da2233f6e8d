"""The product's worker with a steered clock: `python -m tests.harness.worker CLOCK_FILE …`."""

import sys
from pathlib import Path

from services.host.worker import main
from tests.harness.clock import steered

if __name__ == "__main__":
    main(sys.argv[2:], clock=steered(Path(sys.argv[1])))
