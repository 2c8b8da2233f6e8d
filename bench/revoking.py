"""How long after a revocation was asked for what it ends goes on: the next request, a running transfer."""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from bench.clients import Place, connected, put
from bench.measuring import MIB, Result
from bench.stage import Stage
from tests.harness.people import Person
from tests.harness.stage import authorization

LONG = 64 * MIB
REFUSED = (b"HTTP/1.1 401 ", b"HTTP/1.1 404 ")


def revocations(stage: Stage, times: int) -> Iterator[Result]:
    """Distributions over `times` revocations of each kind."""
    put(stage.product, stage.new_upload("revoked.bin"), LONG)
    target = stage.newest
    requests = [_until_refused(stage, target.removesuffix("/content"), revoke_grant) for _ in range(times)]
    requests += [_until_refused(stage, "/v1/me", end_session) for _ in range(times)]
    yield distribution("revocation_p99_s", requests, "≤ 2")
    transfers = [_until_ended(stage, target) for _ in range(times)]
    yield distribution("revocation_of_transfers_p99_s", transfers, "≤ 2")


def distribution(name: str, seconds: Sequence[float], budget: str) -> Result:
    """The 99th of a hundred, and the others that describe them."""
    took = sorted(seconds)
    p50, p95, p99 = (took[min(int(len(took) * part), len(took) - 1)] for part in (0.5, 0.95, 0.99))
    details = {"p50_s": p50, "p95_s": p95, "max_s": took[-1], "count": float(len(took))}
    return Result(name, p99, "s", None, (took[0], took[-1]), budget, details)


def revoke_grant(stage: Stage, _person: Person, grant: str) -> None:
    stage.world["attorney"].client.call("POST", f"/v1/grants/{grant}/revoke")


def end_session(_stage: Stage, person: Person, _grant: str) -> None:
    person.client.call("POST", "/v1/sign-out")


def _until_refused(stage: Stage, target: str, end: Callable[[Stage, Person, str], None]) -> float:
    """Somebody asks all the while; from when the revocation is asked for, until the first refusal came."""
    person, grant = _reader(stage)
    place, refused_at = _place(stage, person), list[float]()
    asking = threading.Event()

    def ask() -> None:
        with connected(place) as line:
            while not refused_at:
                line.sendall(place.request("GET", target))
                answer = _answer(line)
                asking.set()
                if answer.startswith(REFUSED):
                    refused_at.append(time.perf_counter())

    thread = threading.Thread(target=ask)
    thread.start()
    asking.wait(30)
    begun = time.perf_counter()
    end(stage, person, grant)
    thread.join(30)
    if end is not revoke_grant:
        revoke_grant(stage, person, grant)  # or a transfer that is to end later would stand on it
    return refused_at[0] - begun


def _until_ended(stage: Stage, target: str) -> float:
    """A fetch by a slow reader; from when the revocation is asked for, until the connection is cut."""
    person, grant = _reader(stage)
    place = _place(stage, person)
    with connected(place) as line:
        line.sendall(place.request("GET", target))
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
        begun = time.perf_counter()
        revoke_grant(stage, person, grant)
        with contextlib.suppress(OSError):
            while line.recv(64 * 1024):
                time.sleep(0.001)
        return time.perf_counter() - begun


def _reader(stage: Stage) -> tuple[Person, str]:
    """The paralegal in a new session, with a grant that is theirs alone."""
    world = stage.world
    person, clock = world["paralegal"], world.instance.clock
    clock.advance(31)  # a code is good once
    person.client.confirm_sign_in(
        person.client.sign_in(person.email, person.password), person.code(clock.now())
    )
    world.renew()
    person.client.act_for(world.firm)
    return person, str(world.grant(person, ["pleadings"])["id"])


def _place(stage: Stage, person: Person) -> Place:
    lines = "".join(f"{name}: {value}\r\n" for name, value in authorization(person).items())
    return Place(stage.world.instance.port, stage.world.instance.ca, lines)


def _answer(line: ssl.SSLSocket) -> bytes:
    """One small answer, whole."""
    came = b""
    while True:
        came += line.recv(65536)
        head, separator, body = came.partition(b"\r\n\r\n")
        if separator:
            length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if len(body) >= length:
                return came
