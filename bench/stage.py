"""The product and its baselines, running side by side on this machine."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.clients import Place
from services.host.workers import ALLOCATOR_ENVIRONMENT
from tests.harness.eventually import eventually
from tests.harness.instance import ROOT, Instance
from tests.harness.people import World, build_world, join
from tests.harness.ports import free_port
from tests.harness.stage import authorization

# A fetch has its place until the evidence of its end is committed, when its client may have asked again.
_SETTINGS = {
    "REDWELL_TRANSFERS_PER_SESSION": "128",
    "REDWELL_TRANSFERS_PER_PROCESS": "128",
    "REDWELL_LOG_LEVEL": "warning",
}


class Stage:
    """A world in an embedded instance with one worker, and the bare server behind the same certificate."""

    def __init__(self, world: World, bare_port: int) -> None:
        self.world, self._bare_port = world, bare_port

    @property
    def product(self) -> Place:
        """The product as the matter's attorney sees it, with a token that lives a while yet."""
        attorney, instance = self.world["attorney"], self.world.instance
        attorney.client.refresh()
        lines = "".join(f"{name}: {value}\r\n" for name, value in authorization(attorney).items())
        return Place(instance.port, instance.ca, lines)

    @property
    def bare(self) -> Place:
        return Place(self._bare_port, self.world.instance.ca)

    def new_upload(self, name: str) -> str:
        """The address that the content of a new document goes to."""
        body = {"name": name, "folder": "", "class_id": "pleadings"}
        made = self.world["attorney"].client.call("POST", f"/v1/matters/{self.world.matter}/documents", body)
        self._document = made["document"]["id"]
        return f"/v1/uploads/{made['upload']['id']}/content"

    @property
    def newest(self) -> str:
        """The address of the content of the document that `new_upload` made last."""
        return f"/v1/documents/{self._document}/content"


@contextmanager
def staged(settings: Mapping[str, str]) -> Iterator[Stage]:
    """On a disk, not in memory: the product waits for it, as it must."""
    with ExitStack() as undo:
        folder = Path(tempfile.mkdtemp(prefix="redwell-bench-"))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o711)
        instance = Instance(folder, workers=1, settings={**_SETTINGS, **settings})
        instance.start()
        undo.callback(instance.stop)
        world = build_world(instance, join(instance, instance.operator_code, "operator"))
        undo.callback(world.close)
        yield Stage(world, undo.enter_context(_bare_server(instance)))


@contextmanager
def _bare_server(instance: Instance) -> Iterator[int]:
    port = free_port()
    tls = instance.data / "tls"
    command = [
        sys.executable,
        "-m",
        "bench.bare",
        str(port),
        str(tls / "server.pem"),
        str(tls / "server.key"),
    ]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **ALLOCATOR_ENVIRONMENT})
    try:
        eventually(lambda: listens(port), 30)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
