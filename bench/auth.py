"""`bench auth`: what tokens and sign-ins cost, and how long what was revoked still works."""

import base64
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher

from bench.checked import tokens_of
from bench.clients import Place, ask_again_and_again
from bench.measuring import Result, by_turns, plain, ratio
from bench.revoking import revocations
from bench.stage import Stage, listens, staged
from services.host.workers import ALLOCATOR_ENVIRONMENT
from services.keys.files import KeyDirectory, KeyFile
from services.keys.passwords import MEMORY_KIB, PARALLELISM, TIME_COST
from tests.harness.eventually import eventually
from tests.harness.instance import ROOT
from tests.harness.memory import peak_mib, restart_peak, worker_pids
from tests.harness.people import Person
from tests.harness.ports import free_port
from tests.harness.stage import authorization

CONNECTIONS = 16
CROWD = 50
TOKENS = 1000


def measure(*, full: bool) -> Iterator[Result]:
    """Every figure of identity, as soon as it is known."""
    seconds = 10 if full else 2
    with staged({}) as stage:
        yield from _verification(stage)
        yield _checked(stage, seconds)
        yield _sign_in(stage)
        yield from _crowd(stage, seconds)
        yield from revocations(stage, 100 if full else 15)


def _verification(stage: Stage) -> Iterator[Result]:
    """In this process, with nothing around it."""
    instance, attorney = stage.world.instance, stage.world["attorney"]
    attorney.client.refresh()
    header = authorization(attorney)["Authorization"].encode()
    claims = _claims(header)
    key = KeyDirectory(instance.data / "keys").signing_key(KeyFile.TOKEN)
    seen, new = list[float](), list[float]()
    for _ in range(5):
        tokens, now = tokens_of(instance.data / "keys", instance.url), datetime.now(UTC)
        others = [
            f"Bearer {key.sign('at+jwt', {**claims, 'jti': str(number)})}".encode()
            for number in range(TOKENS)
        ]
        begun = time.perf_counter()
        for other in others:
            tokens.identify(other, now)
        new.append((time.perf_counter() - begun) / TOKENS * 1e6)
        begun = time.perf_counter()
        for _ in range(10 * TOKENS):
            tokens.identify(others[0], now)
        seen.append((time.perf_counter() - begun) / (10 * TOKENS) * 1e6)
    yield plain("token_seen_us", seen, "µs", "≤ 10")
    yield plain("token_new_us", new, "µs", "≤ 1000")


def _claims(header: bytes) -> dict[str, Any]:
    payload = header.split(b".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    return claims


def _checked(stage: Stage, seconds: float) -> Result:
    stage.world["attorney"].client.refresh()
    with _checking_server(stage) as place:

        def rate(target: str) -> Callable[[], float]:
            return lambda: ask_again_and_again(place, target, CONNECTIONS, seconds).per_second

        return ratio("token_vs_none", by_turns(rate("/checked"), rate("/bare")), "per_second", "≥ 0.9")


@contextmanager
def _checking_server(stage: Stage) -> Iterator[Place]:
    instance, port = stage.world.instance, free_port()
    tls, keys = instance.data / "tls", instance.data / "keys"
    given = (str(port), str(tls / "server.pem"), str(tls / "server.key"), str(keys), instance.url)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.checked", *given], cwd=ROOT, env={**os.environ, **ALLOCATOR_ENVIRONMENT}
    )
    try:
        eventually(lambda: listens(port), 30)
        yield Place(port, instance.ca, stage.product.headers)
    finally:
        process.terminate()
        process.wait(30)


class Line:
    """A kept connection for JSON."""

    def __init__(self, place: Place) -> None:
        self._connection = http.client.HTTPSConnection("localhost", place.port, context=place.context())
        self._connection.connect()

    def post(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self) -> None:
        self._connection.close()


def _sign_in(stage: Stage) -> Result:
    """Both factors, over a kept connection; and the argon2 of it alone, in this process."""
    instance, person = stage.world.instance, stage.world["attorney"]
    argon2 = PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)
    stored, line = argon2.hash(person.password), Line(stage.product)

    def sign_in() -> float:
        instance.clock.advance(31)  # a code is good once
        begun = time.perf_counter()
        _, first = line.post("/v1/sign-in", {"email": person.email, "password": person.password})
        code = person.code(instance.clock.now())
        status, _ = line.post("/v1/sign-in/confirm", {"challenge": first["challenge"], "code": code})
        assert status == http.client.OK, "the sign-in was refused"
        return (time.perf_counter() - begun) * 1000

    def hash_alone() -> float:
        begun = time.perf_counter()
        argon2.verify(stored, person.password)
        return (time.perf_counter() - begun) * 1000

    pairs = by_turns(sign_in, hash_alone, rounds=15)
    line.close()
    over = [whole - alone for whole, alone in pairs]
    middle = sorted(alone for _, alone in pairs)[len(pairs) // 2]
    return plain("signin_overhead_ms", over, "ms", "≤ 20", argon2_ms=middle)


def _crowd(stage: Stage, seconds: float) -> Iterator[Result]:
    """Fifty who sign in at once, again and again, beside four who ask for small things."""
    (worker,) = worker_pids(stage.world.instance)
    people = list(stage.world.people.values())
    answers = list[int]()
    before = peak_now(worker)
    pairs, added = list[tuple[float, float]](), list[float]()
    for _ in range(5):
        alone = ask_again_and_again(stage.product, "/v1/me", 4, seconds).p99
        restart_peak(worker)
        with ThreadPoolExecutor(CROWD) as pool:
            until = time.monotonic() + seconds + 1
            coming = [
                pool.submit(_come, stage.product, people[number % len(people)], until)
                for number in range(CROWD)
            ]
            crowded = ask_again_and_again(stage.product, "/v1/me", 4, seconds).p99
            for each in coming:
                answers += each.result()
        added.append(peak_mib(worker) - before)
        pairs.append((crowded * 1000, alone * 1000))
    good = sum(status == http.client.OK for status in answers)
    yield ratio(
        "p99_beside_signins", pairs, "ms", "≤ 2", signins_per_second=good / len(pairs) / (seconds + 1)
    )
    yield plain("signins_mib", added, "MiB", "≤ 64", refused=len(answers) - good)


def _come(place: Place, person: Person, until: float) -> list[int]:
    line, statuses = Line(place), list[int]()
    while time.monotonic() < until:
        statuses.append(line.post("/v1/sign-in", {"email": person.email, "password": person.password})[0])
    line.close()
    return statuses


def peak_now(pid: int) -> float:
    restart_peak(pid)
    return peak_mib(pid)
