"""The whole product on a bucket of a real S3 server, and what is said of one that will not do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.storage.s3.client import Answer, S3Calls, make_client
from tests.harness.folders import throwaway_folder
from tests.harness.instance import ROOT
from tests.harness.ledger import check_ledger
from tests.harness.people import PASSWORD, World
from tests.harness.ports import free_port
from tests.harness.rows import segments
from tests.harness.seaweed import BUCKET, SeaweedFS
from tests.harness.server import administered_postgres
from tests.harness.stage import MIB, authorization, content_of, objects_on_disk, staged

SIZE = 17 * MIB
WORDS = ("Zanzibar-Settlement-Memo", "Quetzal Holdings", "Project Nightjar", "privileged-paragraph-77")
CLI = [sys.executable, "-P", "-m", "services.cli"]


@pytest.fixture(scope="module")
def settings(seaweed: SeaweedFS) -> dict[str, str]:
    return seaweed.settings(REDWELL_LOG_LEVEL="debug")


@pytest.fixture(scope="module")
def world(settings: dict[str, str]) -> Iterator[World]:
    with staged("embedded", **settings) as built:
        yield built


@pytest.fixture(scope="module")
def bucket(seaweed: SeaweedFS) -> Iterator[S3Calls]:
    client = make_client(seaweed.options())
    yield client
    client.close()


def listed(bucket: S3Calls, settings: dict[str, str]) -> list[Answer]:
    page = bucket.list_objects_v2(Bucket=BUCKET, Prefix=settings["REDWELL_S3_PREFIX"] + "/")
    return list(page.get("Contents", ()))


def fetch(world: World, document: str, method: str = "GET", **headers: str) -> httpx.Response:
    with world.instance.http() as http:
        told = authorization(world["attorney"]) | headers
        return http.request(method, f"/v1/documents/{document}/content", headers=told)


def test_a_document_goes_in_comes_out_in_part_and_whole_and_is_withdrawn(
    world: World, bucket: S3Calls, settings: dict[str, str], tmp_path: Path
) -> None:
    content = content_of("bucket", SIZE)
    document = world.put(tmp_path, "production.bin", content)["id"]
    small = world.put(tmp_path, "small.txt", b"small")["id"]
    places = {row["Key"].rpartition("/")[2] for row in listed(bucket, settings)}
    for each, count in ((document, 3), (small, 1)):
        keys = {row["object_key"] for row in segments(world.instance, each)}
        assert len(keys) == count
        assert keys <= places
    assert objects_on_disk(world.instance) == {}
    assert fetch(world, document).content == content
    assert fetch(world, small).content == b"small"
    head = fetch(world, document, "HEAD")
    assert (head.status_code, head.headers["content-length"]) == (200, str(SIZE))
    part = fetch(world, document, Range=f"bytes={8 * MIB - 3}-{8 * MIB + 4}")
    assert (part.status_code, part.content) == (206, content[8 * MIB - 3 : 8 * MIB + 5])
    withdraw(world, document)
    assert fetch(world, document).status_code == 404
    assert fetch(world, small).status_code == 200
    check_ledger(world, tmp_path)


def withdraw(world: World, document: str) -> None:
    with world.instance.http() as http:
        shown = http.get(f"/v1/documents/{document}", headers=authorization(world["attorney"]))
        done = http.post(
            f"/v1/documents/{document}/withdraw",
            headers=authorization(world["attorney"]) | {"If-Match": shown.headers["etag"]},
        )
    assert done.status_code == 200, done.text


def test_nothing_of_a_matter_is_readable_in_the_bucket(
    world: World, seaweed: SeaweedFS, bucket: S3Calls, settings: dict[str, str], tmp_path: Path
) -> None:
    attorney = world["attorney"]
    body = {
        "number": "Quetzal Holdings 1",
        "title": "Project Nightjar",
        "client": "Quetzal Holdings",
        "practice_area": "antitrust",
        "sensitivity": "high",
        "supervising_attorney_id": attorney.id,
    }
    matter = attorney.client.call("POST", "/v1/matters", body)
    path = tmp_path / "Zanzibar-Settlement-Memo.txt"
    path.write_bytes(b"privileged-paragraph-77 " * 1000)
    attorney.client.put(matter["id"], path, "privileged", folder="Project Nightjar/drafts")
    rows = listed(bucket, settings)
    assert rows
    for row in rows:
        told = {"Bucket": BUCKET, "Key": row["Key"]}
        answer = bucket.head_object(**told)
        address = bucket.generate_presigned_url("get_object", Params=told, ExpiresIn=60)
        content = httpx.get(address, trust_env=False).content
        whole = f"{row}{answer['Metadata']}{answer['ResponseMetadata']}".encode() + content
        for word in (*WORDS, attorney.email, PASSWORD, world.firm, matter["id"]):
            assert word.encode() not in whole
    for word in WORDS:
        command = ["grep", "-rlaF", "--", word, str(seaweed.folder)]
        assert subprocess.run(command, capture_output=True, check=False).stdout == b""


def test_no_log_line_opens_the_bucket(world: World, settings: dict[str, str], tmp_path: Path) -> None:
    fetch(world, world.put(tmp_path, "logged.txt", b"logged")["id"])
    log = world.instance.log.read_text()
    for secret in ("X-Amz-", settings["REDWELL_S3_SECRET_ACCESS_KEY"], settings["REDWELL_S3_ACCESS_KEY_ID"]):
        assert secret not in log


def run(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    told = {name: value for name, value in os.environ.items() if not name.startswith("REDWELL_")}
    return subprocess.run(
        [*CLI, *words],
        env={**told, "PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_doctor_tells_what_the_store_is_and_whether_it_works(world: World, settings: dict[str, str]) -> None:
    instance = world.instance
    words = ("doctor", "--data", str(instance.data), "--ops", f"localhost:{instance.ops_port}", "--json")

    def finding(**changes: str) -> dict[str, Any]:
        document = json.loads(run(*words, **settings | changes).stdout)
        found, *_ = [each for each in document["findings"] if "store" in each["text"].lower()]
        return dict(found)

    fine = finding()
    assert fine["verdict"] == "fine"
    for told in ("bucket redwell-test", "region eu-central-1", "no TLS", "takes an object"):
        assert told in fine["text"]
    gone = finding(REDWELL_S3_BUCKET="not-there")
    assert gone["verdict"] == "mend"
    assert "There is no such bucket" in gone["text"]
    unset = finding(REDWELL_S3_REGION="")
    assert unset["verdict"] == "mend"
    assert "REDWELL_S3_REGION" in unset["text"]


WRONG = {
    "REDWELL_S3_REGION must name the region": {"REDWELL_S3_REGION": ""},
    "There is no such bucket": {"REDWELL_S3_BUCKET": "not-there"},
    "The credentials do not open": {"REDWELL_S3_SECRET_ACCESS_KEY": "0" * 40},
    "did not answer": {"REDWELL_S3_ENDPOINT": f"http://127.0.0.1:{free_port()}", "REDWELL_S3_ATTEMPTS": "1"},
    "belongs to another Redwell": {},
}


@pytest.mark.parametrize("sentence", WRONG)
def test_up_says_in_one_sentence_why_the_store_will_not_do(
    world: World, settings: dict[str, str], sentence: str
) -> None:
    assert world.instance.alive
    with throwaway_folder() as folder:
        ports = ("--listen", f"localhost:{free_port()}", "--ops", f"localhost:{free_port()}")
        done = run("up", "--data", str(folder / "data"), *ports, **settings | WRONG[sentence])
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("redwell: ")
    assert sentence in line
    assert "0000" not in line


def test_separate_services_are_told_of_the_bucket_and_only_one_of_its_credentials(
    seaweed: SeaweedFS,
) -> None:
    settings = seaweed.settings()
    with throwaway_folder() as folder:
        with administered_postgres(folder) as postgres:
            admin = {"REDWELL_DATABASE_ADMIN_URL": postgres}
            data = str(folder / "data")
            wrong = run("prepare", "--data", data, **settings | admin | {"REDWELL_S3_BUCKET": "not-there"})
            assert "There is no such bucket" in wrong.stderr
            assert wrong.returncode == 1
            done = run("prepare", "--data", data, **settings, **admin)
        assert done.returncode == 0, done.stderr
        assert f"REDWELL_S3_BUCKET={BUCKET}\n" in done.stdout
        for secret in (seaweed.secret_access_key, seaweed.access_key_id):
            assert secret not in done.stdout + done.stderr
        assert "serve docs" in done.stderr
        addresses = ("--listen", f"127.0.0.1:{free_port()}", "--ops", f"127.0.0.1:{free_port()}")
        printed = dict(line.split("=", 1) for line in done.stdout.splitlines())
        without = {name: value for name, value in printed.items() if "_S3_" in name or "_STORE" in name}
        named = {"REDWELL_KEYS": f"{data}/keys", "REDWELL_OBJECTS": f"{data}/objects"}
        named |= {"REDWELL_DATABASE_HOST": "/nowhere"}
        named |= {"REDWELL_DATABASE_PASSWORDS": '{"redwell_sweeper": "not asked for"}'}
        refused = run("serve", "docs", *addresses, **without, **named)
    assert refused.returncode == 1
    assert refused.stderr.startswith("redwell: Either REDWELL_S3_CREDENTIALS must name a file")


def test_an_instance_restarted_finds_what_it_had(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "before.txt", b"before")["id"]
    assert world.instance.stop() == 0
    world.instance.start()
    assert fetch(world, document).content == b"before"
