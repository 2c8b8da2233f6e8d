"""Fetches that come together are decided together, and each as if it had come alone."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest

from tests.harness.people import World
from tests.harness.rows import rows
from tests.harness.stage import authorization

CONTENT = os.urandom(70_000)
ROUNDS = 6
Ask = Callable[[httpx.Client], httpx.Response]


@pytest.fixture(scope="module")
def places(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("at-once")
    pleading = world.put(folder, "pleading.bin", CONTENT)["id"]
    privileged = world.put(folder, "privileged.bin", CONTENT, "privileged")["id"]
    world.grant(world["paralegal"], ["pleadings"])
    return {"pleading": str(pleading), "privileged": str(privileged)}


def test_everybody_gets_what_they_would_get_alone(world: World, places: dict[str, str]) -> None:
    def asking(person: str, document: str, **fields: str) -> Ask:
        headers = authorization(world[person]) | {name.replace("_", "-"): fields[name] for name in fields}
        return lambda http: http.get(f"/v1/documents/{places[document]}/content", headers=headers)

    def numbered(http: httpx.Client) -> httpx.Response:
        target = f"/v1/documents/{places['pleading']}/versions/1/content"
        return http.get(target, headers=authorization(world["attorney"]))

    with world.instance.http() as http:
        etag = asking("attorney", "pleading")(http).headers["etag"]
        expected: list[tuple[Ask, int, bytes | None]] = [
            (asking("attorney", "pleading"), 200, CONTENT),
            (asking("attorney", "privileged"), 200, CONTENT),
            (asking("attorney", "pleading", range="bytes=100-299"), 206, CONTENT[100:300]),
            (asking("attorney", "pleading", range="bytes=90000-"), 416, None),
            (asking("attorney", "pleading", if_none_match=etag), 304, b""),
            (asking("attorney", "pleading", if_match='"other"'), 412, None),
            (numbered, 200, CONTENT),
            (asking("paralegal", "pleading"), 200, CONTENT),
            (asking("paralegal", "privileged"), 404, None),
            (asking("ungranted", "pleading"), 404, None),
            (asking("other_attorney", "pleading"), 404, None),
        ] * ROUNDS
        with ThreadPoolExecutor(len(expected) // 2) as pool:
            answers = list(pool.map(lambda one: one[0](http), expected))
    for (_, status, content), answer in zip(expected, answers, strict=True):
        assert answer.status_code == status
        assert content is None or answer.content == content
    named = {
        UUID(answer.headers["redwell-event"].partition(";")[0]): _outcome(status)
        for (_, status, _), answer in zip(expected, answers, strict=True)
    }
    assert len(named) == len(expected)
    found = rows(world.instance, "SELECT id, outcome FROM events WHERE id = ANY ($1)", list(named))
    assert {record["id"]: record["outcome"] for record in found} == named


def _outcome(status: int) -> str:
    if status == httpx.codes.NOT_MODIFIED:
        return "info"
    return "allowed" if status < httpx.codes.BAD_REQUEST else "denied"


def test_an_answer_to_who_may_not_tells_nothing_of_the_others(world: World, places: dict[str, str]) -> None:
    """A refusal in a crowd is the refusal of a document that is not there, byte for byte but its ids."""
    absent = "00000000-0000-7000-8000-000000000000"
    with world.instance.http() as http, ThreadPoolExecutor(8) as pool:

        def ask(document: str) -> httpx.Response:
            return http.get(
                f"/v1/documents/{document}/content", headers=authorization(world["other_attorney"])
            )

        asked = [places["pleading"], absent] * 4
        shapes = {
            (answer.status_code, *sorted(answer.headers), answer.json()["type"], answer.json()["title"])
            for answer in pool.map(ask, asked)
        }
    assert len(shapes) == 1
