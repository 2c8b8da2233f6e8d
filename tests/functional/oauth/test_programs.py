"""Programs in both shapes, by a client library that is not ours: a document goes in and comes out."""

from tests.harness.instance import Instance
from tests.harness.people import World, matter_body
from tests.harness.programs import new_program, put_on_matter


def test_a_program_puts_and_fetches_a_document_of_its_matter(world: World, instance: Instance) -> None:
    attorney = world["attorney"]
    matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
    program = new_program(world, world["firm_admin"])
    put_on_matter(world, program, matter)
    content = b"what the program brings" * 1000
    with program.authlib(instance.clock.now()) as client:
        told = client.fetch_token()
        assert (told["token_type"], set(told["scope"].split())) == (
            "Bearer",
            {"class:read", "document:list", "document:read", "document:write", "matter:read"},
        )
        listed = client.get("/v1/matters")
        assert [item["id"] for item in listed.json()["items"]] == [matter]
        new = {"name": "brought.txt", "folder": "", "class_id": "pleadings"}
        made = client.post(f"/v1/matters/{matter}/documents", json=new)
        assert made.status_code == 201, made.text
        sent = client.put(
            f"/v1/uploads/{made.json()['upload']['id']}/content",
            content=content,
            headers={"Content-Type": "application/octet-stream"},
        )
        assert sent.status_code == 200, sent.text
        fetched = client.get(f"/v1/documents/{made.json()['document']['id']}/content")
        assert fetched.content == content
