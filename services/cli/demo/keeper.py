"""The process that owns a throwaway instance: `python -P -m services.cli.demo.keeper FOLDER`.

It runs until told to stop, and then removes FOLDER with everything in it. Its standard input tells it that
the demo is there: when that ends it stops, however the demo went away, unless it has read `keep` before.
The first line of its standard output is JSON: what the instance announces, or why there is none.
"""

import json
import os
import shutil
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn, TextIO

from services.cli.demo.instance import KEEP, ROOT
from services.cli.up import WORKER_COMMAND, postgres_options, settings_from_environment
from services.host.embedded import Announcement, UpOptions, run_up
from services.host.errors import HostError
from services.host.listeners import Address
from services.keys.errors import KeysError

SETTINGS = {"REDWELL_CHECKPOINT_INTERVAL_SECONDS": "0.5", "PYTHONPATH": str(ROOT)}
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(folder: Path) -> int:
    """Run the instance in `folder` until told to stop; returns the exit status."""
    # What libraries print belongs into the log; the line for the demo keeps the real standard output.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    try:
        run_up(_options(folder), lambda ready: _tell(out, _announced(ready)))
    except (HostError, KeysError) as error:
        _tell(out, {"error": str(error)})
        return 1
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _options(folder: Path) -> UpOptions:
    settings = settings_from_environment()
    return UpOptions(
        data=folder / "data",
        worker_command=WORKER_COMMAND,
        listen=Address("localhost", 0),
        ops=Address("localhost", 0),
        postgres=postgres_options(settings),
        settings={**settings, **SETTINGS},
    )


def _announced(ready: Announcement) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(ready).items()}


def _tell(out: TextIO, message: dict[str, str]) -> None:
    print(json.dumps(message), file=out, flush=True)
    out.close()


def _stop_at_end_of_input() -> None:
    if sys.stdin.readline().strip() != KEEP:
        os.kill(os.getpid(), signal.SIGTERM)


def _stop(_number: int, _frame: object) -> NoReturn:
    """Until the supervisor listens for signals itself."""
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
