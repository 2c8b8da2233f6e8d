"""`redwell up` with the workers of the harness: `python -m tests.harness.up DATA CLOCK_FILE WORKERS`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from services.cli.up import postgres_options, settings_from_environment
from services.host.embedded import Announcement, UpOptions, run_up
from services.host.listeners import Address


def announce(ready: Announcement) -> None:
    print(json.dumps(asdict(ready), default=str), flush=True)


if __name__ == "__main__":
    settings = settings_from_environment()
    run_up(
        UpOptions(
            data=Path(sys.argv[1]),
            worker_command=(sys.executable, "-P", "-m", "tests.harness.worker", sys.argv[2]),
            listen=Address("localhost", int(sys.argv[4])),
            ops=Address("localhost", int(sys.argv[5])),
            workers=int(sys.argv[3]),
            postgres=postgres_options(settings),
            settings={**settings, "PYTHONPATH": str(Path(__file__).parents[2])},
        ),
        announce,
    )
