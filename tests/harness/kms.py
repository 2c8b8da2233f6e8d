"""AWS KMS, emulated by a real server process on this machine, with keys of its own."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx

from tests.harness.eventually import eventually
from tests.harness.instance import ROOT
from tests.harness.ports import free_port

REGION = "eu-central-1"
_ACTIONS = ["kms:Encrypt", "kms:Decrypt"]
_ALLOWED: dict[str, object] = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
_DENIED: dict[str, object] = {"Effect": "Deny", "Principal": "*", "Action": _ACTIONS, "Resource": "*"}


@dataclass
class Kms:
    """One server. Keys are named as roots are: `kms:` and the ARN."""

    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Kms":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.harness.kms_server", str(self.port)],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
                stdout=log,
                stderr=log,
            )
        eventually(self._answers, 60)
        return self

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)

    def settings(self) -> dict[str, str]:
        """What an instance is told of it."""
        return {
            "REDWELL_KMS_ENDPOINT": self.endpoint,
            "REDWELL_KMS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "REDWELL_KMS_SECRET_ACCESS_KEY": secrets.token_hex(20),
        }

    def new_key(self, region: str = REGION) -> str:
        return "kms:" + str(self.calls(region).create_key()["KeyMetadata"]["Arn"])

    def disable(self, root: str) -> None:
        self.calls().disable_key(KeyId=_key_id(root))

    def enable(self, root: str) -> None:
        self.calls().enable_key(KeyId=_key_id(root))

    def deny(self, root: str) -> None:
        """Withdraw the right to use the key from everybody."""
        self._put_policy(root, [_ALLOWED, _DENIED])

    def allow(self, root: str) -> None:
        self._put_policy(root, [_ALLOWED])

    def _put_policy(self, root: str, statements: list[dict[str, object]]) -> None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.calls().put_key_policy(KeyId=_key_id(root), PolicyName="default", Policy=policy)

    def delete(self, root: str) -> None:
        self.calls().schedule_key_deletion(KeyId=_key_id(root), PendingWindowInDays=7)

    @contextmanager
    def standing_still(self, root: str) -> Iterator[None]:
        """Whoever uses the key meanwhile gets no answer."""
        self._still(root, still=True)
        try:
            yield
        finally:
            self._still(root, still=False)

    def calls(self, region: str = REGION) -> Any:
        """boto3's client, for what the product never does."""
        return boto3.client(
            "kms",
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def _still(self, root: str, *, still: bool) -> None:
        told = {"key": _arn(root), "still": still}
        httpx.post(f"{self.endpoint}/still", json=told, trust_env=False).raise_for_status()

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            httpx.get(f"{self.endpoint}/moto-api/", trust_env=False, timeout=5)
        except httpx.HTTPError:
            return False
        return True


def _key_id(root: str) -> str:
    """moto's own calls take no ARN."""
    return root.rpartition("/")[2]


def _arn(root: str) -> str:
    return root.removeprefix("kms:")


@contextmanager
def running_kms(folder: Path) -> Iterator[Kms]:
    kms = Kms(folder / "kms.log")
    try:
        yield kms.start()
    finally:
        kms.stop()
