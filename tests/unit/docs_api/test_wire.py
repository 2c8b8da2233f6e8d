"""Wire models: nothing unknown, nothing coerced, times with an offset and in range."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.docs_api.documents.schemas import NewDocument
from services.docs_api.grants.schemas import NewGrant

GRANT: dict[str, Any] = {
    "member_id": str(uuid4()),
    "engagement_id": str(uuid4()),
    "classes": ["pleadings"],
    "ends_at": "2030-01-01T02:00:00+02:00",
    "purpose": "First review",
}


def test_times_are_read_as_utc() -> None:
    assert NewGrant.model_validate(GRANT).ends_at == datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        "2030-01-01",
        "2030-01-01T00:00:00",
        "1893456000",
        1893456000,
        "9999-12-31T23:59:59-23:00",
        "0001-01-01T00:00:00+23:00",
        "2030-13-01T00:00:00Z",
        None,
    ],
)
def test_other_times_are_refused(moment: object) -> None:
    with pytest.raises(ValidationError):
        NewGrant.model_validate(GRANT | {"ends_at": moment})


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": []},
        {"classes": ["a", "a"]},
        {"classes": ["Pleadings"]},
        {"classes": ["a\n"]},
        {"classes": "pleadings"},
        {"permissions": ["write"]},
        {"permissions": []},
        {"purpose": ""},
        {"purpose": " "},
        {"purpose": "x" * 301},
        {"purpose": "a\nb"},
        {"member_id": "x"},
        {"starts_at": "2031-01-01T00:00:00Z"},
        {"tenant_id": str(uuid4())},
    ],
)
def test_other_grants_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewGrant.model_validate(GRANT | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"length_bytes": -1},
        {"length_bytes": "5"},
        {"length_bytes": True},
        {"sha256": "0" * 63},
        {"sha256": "G" * 64},
        {"media_type": "text"},
        {"media_type": "text/html\r\nx: y"},
        {"name": 5},
        {"state": "available"},
    ],
)
def test_other_documents_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewDocument.model_validate({"name": "a", "class_id": "pleadings"} | changes)
