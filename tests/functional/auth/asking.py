"""What the tests of this package say in the same words."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.harness.instance import Instance
from tests.harness.people import Person

Post = Callable[..., httpx.Response]
Hire = Callable[[Person, list[str]], Person]
Together = Callable[[list[tuple[Any, ...]]], list[httpx.Response]]


def slug(response: httpx.Response) -> str:
    return str(response.json()["type"]).rpartition("/")[2]


def fresh_code(instance: Instance, person: Person) -> str:
    """A code that was not used yet: time moves on by two steps first."""
    instance.clock.advance(60)
    return person.code(instance.clock.now())


def challenge(post: Post, person: Person) -> str:
    response = post("/v1/sign-in", {"email": person.email, "password": person.password})
    assert response.status_code == 200, response.text
    return str(response.json()["challenge"])


def sign_in(instance: Instance, post: Post, person: Person) -> dict[str, Any]:
    body = {"challenge": challenge(post, person), "code": fresh_code(instance, person)}
    response = post("/v1/sign-in/confirm", body)
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def me(instance: Instance, token: str) -> httpx.Response:
    with instance.http() as http:
        return http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})


def renew(instance: Instance, person: Person) -> Person:
    """Sign `person` in again, so that their factor is fresh."""
    client = person.client
    client.tokens = None
    client.confirm_sign_in(client.sign_in(person.email, person.password), fresh_code(instance, person))
    return person


def token_of(person: Person) -> str:
    assert person.client.tokens is not None
    return person.client.tokens.access
