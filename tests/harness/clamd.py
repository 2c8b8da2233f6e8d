"""clamd: the real scanner, on a socket of its own, with signatures of our own that know EICAR and no more."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import StartError
from tests.harness.parts import require_program

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIGNATURE = "Redwell.Test.EICAR"
STREAM_LIMIT_BYTES = 4 * 1024 * 1024
_START_SECONDS = 60


@dataclass
class Clamd:
    """One clamd, run as whoever runs the tests. `start` again after `kill` listens at the same place."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.socket = self.folder / "clamd.sock"
        signatures = self.folder / "signatures"
        signatures.mkdir()
        # Anywhere in a file of any kind.
        (signatures / "test.ndb").write_text(f"{SIGNATURE}:0:*:{EICAR.hex()}\n")
        (self.folder / "clamd.conf").write_text(
            "\n".join(
                (
                    f"LocalSocket {self.socket}",
                    f"DatabaseDirectory {signatures}",
                    f"TemporaryDirectory {self.folder}",
                    "Foreground yes",
                    "FixStaleSocket yes",
                    "SelfCheck 0",
                    "MaxThreads 4",
                    f"StreamMaxLength {STREAM_LIMIT_BYTES}",
                    f"MaxFileSize {STREAM_LIMIT_BYTES}",
                    f"MaxScanSize {4 * STREAM_LIMIT_BYTES}",
                    "AlertExceedsMax yes",
                    "",
                )
            )
        )

    @property
    def url(self) -> str:
        """What `REDWELL_SCANNER` is set to."""
        return f"clamd://{self.socket}"

    def start(self) -> "Clamd":
        program = require_program("clamd", "clamav-daemon")
        with (self.folder / "clamd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, f"--config-file={self.folder / 'clamd.conf'}"],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if eventually(self._is_up_or_over, _START_SECONDS) != "up":
            raise StartError((self.folder / "clamd.log").read_text()[-3000:])
        return self

    def kill(self) -> None:
        """`kill -9`."""
        self._signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(30)

    def pause(self) -> None:
        """It takes connections still, and answers nobody."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def _signal(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def _is_up_or_over(self) -> str | None:
        assert self.process is not None
        if self.process.poll() is not None:
            return "over"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"zPING\0")
                return "up" if connection.recv(16) == b"PONG\0" else None
            except OSError:
                return None


@contextmanager
def running_clamd() -> Iterator[Clamd]:
    with throwaway_folder() as folder:
        server = Clamd(folder)
        try:
            yield server.start()
        finally:
            server.stop()
