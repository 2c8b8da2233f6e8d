"""A device that is to be signed in, and the people who decide on it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from services.auth.codes import digest_of
from tests.harness.people import Person, World
from tests.harness.rows import row, rows

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Device:
    """What a device was told when it asked for its codes."""

    world: World
    told: dict[str, Any]

    @property
    def user_code(self) -> str:
        return str(self.told["user_code"])

    def poll(self, **changes: str) -> httpx.Response:
        form = {"grant_type": GRANT, "client_id": "redwell", "device_code": self.told["device_code"]}
        with self.world.instance.http() as http:
            return http.post("/oauth/token", data=form | changes)

    def error(self) -> str:
        answer = self.poll()
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"])

    def row(self) -> dict[str, Any]:
        found = row(
            self.world.instance, "SELECT * FROM device_requests WHERE device_sha256 = $1", self._digest
        )
        return dict(found)

    def later(self, seconds: int) -> None:
        """As if so many seconds had gone by since the last poll."""
        rows(
            self.world.instance,
            "UPDATE device_requests SET polled_at = polled_at - $2 * interval '1 second'"
            " WHERE device_sha256 = $1",
            self._digest,
            seconds,
        )

    def must_wait(self, seconds: int) -> None:
        """As if it had to wait so long between its polls: longer than any machine takes for one."""
        assert self.row()["interval_seconds"] == 5
        rows(
            self.world.instance,
            "UPDATE device_requests SET interval_seconds = $2 WHERE device_sha256 = $1",
            self._digest,
            seconds,
        )

    def run_out(self) -> None:
        rows(
            self.world.instance,
            "UPDATE device_requests SET expires_at = created_at WHERE device_sha256 = $1",
            self._digest,
        )

    @property
    def _digest(self) -> bytes:
        return digest_of(str(self.told["device_code"]))


def ask(world: World, **form: str) -> httpx.Response:
    with world.instance.http() as http:
        return http.post("/oauth/device_authorization", data=form)


def new_device(world: World, name: str = "redwell on a laptop") -> Device:
    answer = ask(world, client_id="redwell", device_name=name)
    assert answer.status_code == 200, answer.text
    return Device(world, answer.json())


def decide(person: Person, act: str, code: str) -> dict[str, Any]:
    """`find`, `approve` or `deny`."""
    return person.client.call("POST", f"/v1/devices/{act}", {"user_code": code})


def make_code_new(world: World, person: Person) -> str:
    """The code that the person's authenticator shows now, as if it was not used yet."""
    rows(world.instance, "UPDATE totp_factors SET last_step = 0 WHERE member_id = $1", UUID(person.id))
    return person.code(world.instance.clock.now())
