import pytest

from services.gateway.policy import PolicyTable
from services.kernel.http.operation import Operation
from services.kernel.problems import MethodNotAllowed, NotFound
from tests.factories.gateway import MATTER, OPERATIONS, TABLE, operation


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.id)
def test_every_operation_is_found_at_its_path(row: Operation) -> None:
    assert TABLE.find(row.method, row.path.replace("{id}", MATTER).encode()) is row


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/v1",
        b"/v1/unknown",
        b"/v1/matters/" + MATTER.upper().encode(),
        b"/v1/matters/" + MATTER.encode() + b"/unknown",
        b"/v1/matters/not-a-uuid",
        b"/v1/matters/" + MATTER.encode() + b"\n",
        b"/v1/grants/" + MATTER.encode(),
        b"/V1/matters",
        b"/v1/openapiXjson",
    ],
)
def test_a_path_of_no_operation_is_not_found(path: bytes) -> None:
    with pytest.raises(NotFound):
        TABLE.find("GET", path)


def test_another_method_is_told_which_are_served() -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        TABLE.find("PATCH", b"/v1/matters")
    assert refusal.value.headers() == {"Allow": "GET, POST"}


def test_head_is_served_where_it_is_declared_only() -> None:
    assert TABLE.find("HEAD", f"/v1/documents/{MATTER}/content".encode()).id == "documents.head"
    with pytest.raises(MethodNotAllowed):
        TABLE.find("HEAD", b"/v1/matters")


def test_two_patterns_that_fit_one_path_share_it() -> None:
    by_name = operation("names.put", "PUT", "/v1/names/{name}", pattern="/v1/names/[a-f0-9-]{1,64}")
    table = PolicyTable([operation("names.get", "GET", "/v1/names/{id}"), by_name])
    path = f"/v1/names/{MATTER}".encode()
    assert (table.find("GET", path).id, table.find("PUT", path).id) == ("names.get", "names.put")
    with pytest.raises(MethodNotAllowed) as refusal:
        table.find("POST", path)
    assert refusal.value.allowed == ("GET", "PUT")


def test_a_literal_path_comes_before_a_pattern() -> None:
    table = PolicyTable(
        [
            operation("a.b", "GET", "/v1/names/{n}", pattern="/v1/names/[a-z]+"),
            operation("c.d", "GET", "/v1/names/own"),
        ]
    )
    assert table.find("GET", b"/v1/names/own").id == "c.d"


@pytest.mark.parametrize(
    "rows",
    [
        [operation("a.b", "GET", "/v1/names"), operation("c.d", "GET", "/v1/names")],
        [operation("a.b", "GET", "/v1/names/{id}"), operation("c.d", "GET", "/v1/names/{id}")],
        [operation("a.b", "GET", "/v1/{id}")],
    ],
)
def test_operations_that_cannot_be_told_apart_stop_the_start(rows: list[Operation]) -> None:
    with pytest.raises(ValueError, match="told apart"):
        PolicyTable(rows)
