"""Mixed work from several threads at once, which notes every answer it gets."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from tests.harness.people import Person, World
from tests.harness.stage import authorization, content_of

_EXPECTED = {200, 201, 401, 404, 423, 502, 503}


@dataclass
class Noted:
    """What was answered: events named, documents acknowledged with their content, and surprises."""

    headers: list[str] = field(default_factory=list)
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


class Load:
    """Uploads, fetches, lists and refusals, round and round. A connection that breaks is made again."""

    def __init__(self, world: World, noted: Noted) -> None:
        self.world, self.noted = world, noted
        self._stop = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        work: list[Callable[[httpx.Client, int], None]] = [self._upload, self._read, self._be_refused]
        threads = [threading.Thread(target=self._repeat, args=(job,)) for job in work]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(60)

    def _repeat(self, job: Callable[[httpx.Client, int], None]) -> None:
        turn = 0
        with self.world.instance.http() as http:
            while not self._stop.is_set():
                turn += 1
                try:
                    job(http, turn)
                except httpx.TransportError:
                    self._stop.wait(0.05)  # nobody listens for a moment

    def _upload(self, http: httpx.Client, turn: int) -> None:
        attorney, content = self.world["attorney"], content_of(f"load {turn}", 100_000)
        body = {"name": f"load-{turn}.bin", "folder": "", "class_id": "pleadings"}
        made = self._ask(http, attorney, "POST", f"/v1/matters/{self.world.matter}/documents", json=body)
        if made.status_code != 201:
            return
        path = f"/v1/uploads/{made.json()['upload']['id']}/content"
        kind = {"Content-Type": "application/octet-stream"}
        if self._ask(http, attorney, "PUT", path, content=content, headers=kind).status_code == 200:
            self.noted.acknowledged[made.json()["document"]["id"]] = content

    def _read(self, http: httpx.Client, _turn: int) -> None:
        paralegal = self.world["paralegal"]
        self._ask(http, paralegal, "GET", f"/v1/matters/{self.world.matter}/documents")
        for document, content in list(self.noted.acknowledged.items())[-1:]:
            answer = self._ask(http, paralegal, "GET", f"/v1/documents/{document}/content")
            if answer.status_code == 200 and answer.content != content:
                self.noted.surprises.append(f"other content of {document}")

    def _be_refused(self, http: httpx.Client, _turn: int) -> None:
        for document in list(self.noted.acknowledged)[-1:]:
            self._ask(http, self.world["ungranted"], "GET", f"/v1/documents/{document}/content")
        self._ask(http, self.world["other_attorney"], "GET", f"/v1/matters/{self.world.matter}")

    def _ask(
        self, http: httpx.Client, person: Person, method: str, path: str, **options: object
    ) -> httpx.Response:
        headers = {**authorization(person), **options.pop("headers", {})}  # type: ignore[dict-item]
        answer = http.request(method, path, headers=headers, **options)  # type: ignore[arg-type]
        self.noted.statuses.append(answer.status_code)
        if "redwell-event" in answer.headers:
            self.noted.headers.append(answer.headers["redwell-event"])
        elif answer.status_code < 500:  # whatever was decided is on record
            self.noted.surprises.append(f"no event for {method} {path}: {answer.status_code}")
        if answer.status_code not in _EXPECTED:
            self.noted.surprises.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer
