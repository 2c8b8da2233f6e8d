"""The disk of the database is full: requests are answered 503, nothing is half-written, and it recovers."""

from collections.abc import Iterator

import pytest

from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import Instance
from tests.harness.people import World, build_world, join, matter_body
from tests.harness.stage import authorization
from tests.harness.volume import fill, volume

REQUESTS = 400


@pytest.fixture
def own() -> Iterator[World]:
    with throwaway_folder() as folder, volume(folder / "data" / "postgres", "256m"):
        (folder / "data").chmod(0o711)
        instance = Instance(folder, workers=1).start()
        try:
            world = build_world(instance, join(instance, instance.operator_code, "operator"))
            yield world
            world.close()
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


def test_requests_are_refused_while_it_is_full_and_go_on_afterwards(own: World) -> None:
    attorney = own["attorney"]
    headers = authorization(attorney)
    made, statuses = set(), set()
    with own.instance.http() as http:

        def make() -> int:
            answer = http.post("/v1/matters", json=matter_body(attorney.id), headers=headers)
            statuses.add(answer.status_code)
            if answer.status_code == 201:
                made.add(answer.json()["id"])
            else:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"]
            return answer.status_code

        assert make() == 201
        ballast = fill(own.instance.data / "postgres")
        assert any(make() == 503 for _ in range(REQUESTS))
        assert statuses <= {201, 503}
        ballast.unlink()
        eventually(lambda: make() == 201, 60)
        assert statuses <= {201, 503}
    listed = {row["id"] for row in attorney.client.pages("/v1/matters")}
    assert listed == made | {own.matter}
