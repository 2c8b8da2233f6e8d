"""The page on which people sign a device in: what the browser is told, and what its script asks."""

import base64
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from services.kernel.http.operation import Operation
from tests.functional.oauth.devices import make_code_new, new_device
from tests.harness.calls import OPERATIONS
from tests.harness.instance import ROOT
from tests.harness.parts import require_program
from tests.harness.people import Person, World, invite


def test_the_browser_is_told_to_run_this_page_alone(office: World) -> None:
    with office.instance.http() as http:
        page = http.get("/device")
        assert http.get("/device?user_code=BCDFGHJK").text == page.text
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["connect-src"]) == ("'none'", "'self'")
    assert (policy["frame-ancestors"], policy["form-action"], policy["base-uri"]) == ("'none'",) * 3
    for element in ("script", "style"):
        (content,) = re.findall(f"<{element}>(.*?)</{element}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[f"{element}-src"] == f"'sha256-{digest}'"
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"


def test_the_page_fetches_nothing_and_writes_no_markup(office: World) -> None:
    with office.instance.http() as http:
        text = http.get("/device").text
    assert not re.search(r"\b(src|href|style|on[a-z]+)\s*=|https?:|//cdn|@import|url\(", text)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Storage",
        "cookie",
    ):
        assert word not in text


def run_page(world: World, fields: dict[str, str], steps: list[Any]) -> dict[str, Any]:
    """Run the page's own script, outside of a browser; what it asked and what it shows."""
    node = require_program("node", "nodejs")
    done = subprocess.run(
        [node, ROOT / "tests" / "clients" / "page.js"],
        input=json.dumps({"url": world.instance.url, "fields": fields, "steps": steps}),
        env=os.environ | {"NODE_EXTRA_CA_CERTS": str(world.instance.ca)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@pytest.fixture
def visitor(office: World) -> Iterator[Person]:
    made = invite(office.instance, office["firm_admin"], ["attorney"], "visitor")
    yield made
    made.client.close()


def test_the_script_signs_a_device_in_and_itself_out(office: World, visitor: Person) -> None:
    device = new_device(office, "<b>The laptop</b>")
    fields = {
        "user-code": "BBBB-BBBB",
        "email": visitor.email,
        "password": visitor.password,
        "factor": make_code_new(office, visitor),
    }
    # Who mistypes the code is not asked for their own again.
    steps = ["submit", {"type": ["user-code", device.user_code.lower()]}, "submit", {"click": "approve"}]
    page = run_page(office, fields, steps)
    assert page["asked"] == [
        "/v1/sign-in",
        "/v1/sign-in/confirm",
        "/v1/devices/find",
        "/v1/devices/find",
        "/v1/devices/approve",
        "/v1/sign-out",
    ]
    assert page["shown"]["name"] == "<b>The laptop</b>"
    assert "the network that you are in" in page["shown"]["address"]
    assert page["shown"]["told"] == "The device is signed in. You can close this page."
    assert page["password"] == ""
    assert device.poll().json()["acting_for"] == office.firm  # it goes on without the page
    sessions = visitor.client.call("GET", "/v1/me/sessions")["items"]
    assert [one["name"] for one in sessions] == ["<b>The laptop</b>", None]  # the page's own has ended


def test_the_script_says_what_was_refused(office: World, visitor: Person) -> None:
    device = new_device(office)
    fields = {"user-code": device.user_code, "email": visitor.email, "password": "another", "factor": "1"}
    page = run_page(office, fields, ["submit"])
    assert page["shown"]["told"] == "Address and password do not belong together"
    assert page["hidden"] == ["deciding"]
    fields |= {"password": visitor.password, "factor": make_code_new(office, visitor)}
    page = run_page(office, fields, ["submit", {"click": "deny"}])
    assert page["shown"]["told"] == "The device was denied. You can close this page."
    assert device.error() == "access_denied"


def test_the_page_is_no_operation_of_the_interface() -> None:
    page: Operation = OPERATIONS["devices.page"]
    assert (page.dialect, page.access, page.body_limit_bytes) == ("page", "public", 0)
