"""Fetches that come together are decided together, and each as if it had come alone."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from tests.harness.people import Person, World, invite
from tests.harness.rows import rows
from tests.harness.stage import authorization

CONTENT = os.urandom(70_000)
ROUNDS = 6
Ask = Callable[[httpx.Client], httpx.Response]


@dataclass(frozen=True)
class Scene:
    """Two documents of a matter, and people of the provider with a grant of one class, and with none."""

    places: dict[str, str]
    people: dict[str, Person]


@pytest.fixture(scope="module")
def scene(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    world.renew()
    folder = tmp_path_factory.mktemp("at-once")
    places = {
        class_id: str(world.put(folder, f"{class_id}.bin", CONTENT, class_id)["id"])
        for class_id in ("pleadings", "privileged")
    }
    admin = world["provider_admin"]
    people = {name: invite(world.instance, admin, ["paralegal"], name) for name in ("granted", "waiting")}
    for person in people.values():
        person.client.act_for(world.firm)
    world.grant(people["granted"], ["pleadings"])
    people |= {name: world[name] for name in ("attorney", "other_attorney")}
    yield Scene(places, people)
    for name in ("granted", "waiting"):
        people[name].client.close()


def test_everybody_gets_what_they_would_get_alone(world: World, scene: Scene) -> None:
    def asking(person: str, document: str, **fields: str) -> Ask:
        headers = authorization(scene.people[person]) | {
            name.replace("_", "-"): fields[name] for name in fields
        }
        return lambda http: http.get(f"/v1/documents/{scene.places[document]}/content", headers=headers)

    def numbered(http: httpx.Client) -> httpx.Response:
        target = f"/v1/documents/{scene.places['pleadings']}/versions/1/content"
        return http.get(target, headers=authorization(scene.people["attorney"]))

    with world.instance.http() as http:
        etag = asking("attorney", "pleadings")(http).headers["etag"]
        expected: list[tuple[Ask, int, bytes | None]] = [
            (asking("attorney", "pleadings"), 200, CONTENT),
            (asking("attorney", "privileged"), 200, CONTENT),
            (asking("attorney", "pleadings", range="bytes=100-299"), 206, CONTENT[100:300]),
            (asking("attorney", "pleadings", range="bytes=90000-"), 416, None),
            (asking("attorney", "pleadings", if_none_match=etag), 304, b""),
            (asking("attorney", "pleadings", if_match='"other"'), 412, None),
            (numbered, 200, CONTENT),
            (asking("granted", "pleadings"), 200, CONTENT),
            (asking("granted", "privileged"), 404, None),
            (asking("waiting", "pleadings"), 404, None),
            (asking("other_attorney", "pleadings"), 404, None),
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


def test_an_answer_to_who_may_not_tells_nothing_of_the_others(world: World, scene: Scene) -> None:
    """A refusal in a crowd is the refusal of a document that is not there, byte for byte but its ids."""
    absent = "00000000-0000-7000-8000-000000000000"
    with world.instance.http() as http, ThreadPoolExecutor(8) as pool:

        def ask(document: str) -> httpx.Response:
            return http.get(
                f"/v1/documents/{document}/content", headers=authorization(scene.people["other_attorney"])
            )

        asked = [scene.places["pleadings"], absent] * 4
        shapes = {
            (answer.status_code, *sorted(answer.headers), answer.json()["type"], answer.json()["title"])
            for answer in pool.map(ask, asked)
        }
    assert len(shapes) == 1
