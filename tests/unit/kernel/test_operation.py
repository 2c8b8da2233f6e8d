import re
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI

from services.kernel.http.documents import merged_document, service_document
from services.kernel.http.operation import (
    Operation,
    UndeclaredOperationError,
    declare,
    json_body,
    operations_of,
)
from services.kernel.scopes import Scope

router = APIRouter()


@router.post(
    "/v1/matters/{matter_id}/classes/{class_id}",
    **declare("things.make", event="thing.made", scopes=[Scope.MATTER_READ], fresh=True, **json_body()),
)
async def make(matter_id: UUID, class_id: str) -> None:
    """Make a thing."""
    del matter_id, class_id


class App(FastAPI):
    def openapi(self) -> dict[str, object]:
        return service_document(self)


def _app(*routers: APIRouter) -> FastAPI:
    app = App(openapi_url=None)
    for each in routers:
        app.include_router(each)
    return app


def test_a_declaration_comes_back_as_a_row_of_the_table() -> None:
    (row,) = operations_of(_app(router), "things")
    assert (row.id, row.service, row.method, row.access) == ("things.make", "things", "POST", "token")
    assert row.scopes == ("matter:read",)
    assert (row.factor_max_age_seconds, row.body_limit_bytes) == (300, 65536)
    assert Operation.from_json(row.to_json()) == row


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/v1/matters/0192f0c1-0000-7000-8000-000000000001/classes/pleadings", True),
        ("/v1/matters/0192F0C1-0000-7000-8000-000000000001/classes/pleadings", False),
        ("/v1/matters/0192f0c1000070008000000000000001/classes/pleadings", False),
        ("/v1/matters/0192f0c1-0000-7000-8000-000000000001/classes/a.b", False),
        ("/v1/matters/0192f0c1-0000-7000-8000-000000000001/classes/" + "a" * 65, False),
        ("/v1/matters/0192f0c1-0000-7000-8000-000000000001/classes/x/", False),
        ("/v1/matters/x/classes/y", False),
    ],
)
def test_only_one_spelling_of_a_path_is_served(path: str, served: bool) -> None:  # noqa: FBT001 -- a table
    (row,) = operations_of(_app(router), "things")
    assert bool(re.fullmatch(row.pattern, path)) is served


def test_dots_in_a_path_mean_dots() -> None:
    dotted = APIRouter()
    dotted.add_api_route(
        "/v1/openapi.json", lambda: None, **declare("o.get", event="o.read", access="public")
    )
    (row,) = operations_of(_app(dotted), "things")
    assert not re.fullmatch(row.pattern, "/v1/openapiXjson")


def test_a_route_that_declares_nothing_stops_the_start() -> None:
    careless = APIRouter()
    careless.add_api_route("/v1/oops", lambda: None)
    with pytest.raises(UndeclaredOperationError, match="GET /v1/oops"):
        operations_of(_app(careless), "things")


def test_services_cannot_declare_one_path_twice() -> None:
    other = APIRouter()
    other.add_api_route(
        "/v1/matters/{matter_id}/classes/{class_id}",
        lambda matter_id, class_id: None,  # noqa: ARG005 -- the path has them
        methods=["POST"],
        **declare("things.other", event="thing.other"),
    )
    with pytest.raises(ValueError, match="declared twice"):
        merged_document([_app(router), _app(other)], "1")
