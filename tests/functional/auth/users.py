"""People who use an instance all the while, each time with a new token."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from tests.harness.eventually import allowed, eventually
from tests.harness.people import Person, World, invite
from tests.harness.stage import authorization

ASKED = {"auth": "/v1/me", "docs": "/v1/classes", "audit": "/v1/log/checkpoint"}


def kid_of(person: Person) -> str:
    head = authorization(person)["Authorization"].partition(" ")[2].partition(".")[0]
    found: str = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    return found


@dataclass
class Users:
    """People who come again and again with new tokens. `seen`: the keys of those that were taken."""

    world: World
    seen: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    turns: list[threading.Lock] = field(default_factory=lambda: [threading.Lock() for _ in range(3)])

    @contextmanager
    def at_work(self) -> Iterator[None]:
        stop, admin = threading.Event(), self.world["firm_admin"]
        people = [invite(self.world.instance, admin, ["attorney"], "user") for _ in self.turns]
        threads = [
            threading.Thread(target=self._work, args=(person, turn, stop))
            for person, turn in zip(people, self.turns, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)
            for person in people:
                person.client.close()

    def let_pass(self, time: timedelta) -> None:
        """The clock goes on between two requests: within one it would be a clock that leaps."""
        with ExitStack() as held:
            for turn in self.turns:
                held.enter_context(turn)
            self.world.instance.clock.advance(time.total_seconds())

    def _work(self, person: Person, turn: threading.Lock, stop: threading.Event) -> None:
        try:
            with self.world.instance.http() as http:
                while not stop.is_set():
                    with turn:
                        self._come(http, person)
                    stop.wait(0.001)  # a lock knows no queue
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test must hear of it
            self.failures.append(repr(error))

    def _come(self, http: httpx.Client, person: Person) -> None:
        person.client.refresh()
        for path in (ASKED["auth"], ASKED["docs"]):
            answer = http.get(path, headers=authorization(person))
            if answer.status_code != httpx.codes.OK:
                self.failures.append(f"{path}: {answer.status_code} {answer.text}")
        self.seen[kid_of(person)] = self.seen.get(kid_of(person), 0) + 1

    def see(self, kid: str, times: int) -> None:
        enough = self.seen.get(kid, 0) + times
        eventually(lambda: self.failures or self.seen.get(kid, 0) >= enough, allowed(30))
