"""The page on which people sign a device in: what the browser is told, and what its script asks."""

import base64
import hashlib
import re

from services.kernel.http.operation import Operation
from tests.functional.oauth.devices import make_code_new, new_device
from tests.harness.calls import OPERATIONS
from tests.harness.people import World, invite


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


def test_what_the_script_asks_is_served_and_signs_a_device_in(office: World) -> None:
    """The calls of the page's script, in its order, by its own words."""
    device = new_device(office)
    person = invite(office.instance, office["firm_admin"], ["attorney"], "visitor")
    with office.instance.http() as http:
        paths = re.findall(r'send\("(/v1/[a-z/-]+)"', http.get("/device").text)
        assert sorted(set(paths)) == [
            "/v1/devices/",
            "/v1/devices/find",
            "/v1/sign-in",
            "/v1/sign-in/confirm",
            "/v1/sign-out",
        ]
        served = {(row.method, row.path) for row in OPERATIONS.values()}
        assert {("POST", path) for path in (*paths, "/v1/devices/approve", "/v1/devices/deny")} - served == {
            ("POST", "/v1/devices/")
        }
        first = http.post("/v1/sign-in", json={"email": person.email, "password": person.password}).json()
        answer = {"challenge": first["challenge"], "code": make_code_new(office, person)}
        token = http.post("/v1/sign-in/confirm", json=answer).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        code = {"user_code": device.user_code.lower()}
        seen = http.post("/v1/devices/find", json=code).json()
        assert {"name", "address", "from_here", "requested_at"} <= set(seen)
        assert http.post("/v1/devices/approve", json=code).status_code == 200
        assert http.post("/v1/sign-out").status_code == 204
        assert http.post("/v1/devices/find", json=code).json()["type"].endswith("/session-ended")
    assert device.poll().json()["acting_for"] == office.firm  # the device goes on without the page
    person.client.close()


def test_the_page_is_no_operation_of_the_interface() -> None:
    page: Operation = OPERATIONS["devices.page"]
    assert (page.dialect, page.access, page.body_limit_bytes) == ("page", "public", 0)
