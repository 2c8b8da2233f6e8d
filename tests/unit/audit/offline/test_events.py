import hashlib
import json

import pytest

from services.audit.offline import canonical
from services.audit.offline.errors import FormatError
from services.audit.offline.events import MAX_EVENT_BYTES, commitment, parse_event
from tests.factories.log import MATTER_A, SALT, TENANT, Log

RAW = Log().event(MATTER_A, pii={"ip": "ab" * 32}, unknown={"further": [1, None, True]})


def _event(**change: object) -> bytes:
    fields = {**json.loads(RAW), **change}
    return canonical.encode({name: value for name, value in fields.items() if value is not ...})


def test_an_event_is_read_and_open_to_further_fields() -> None:
    event = parse_event(RAW)
    assert (event.tenant, event.matter, event.outcome) == (TENANT, MATTER_A, "allowed")
    assert event.commitments == {"ip": "ab" * 32}


def test_an_event_need_not_have_a_matter_or_commitments() -> None:
    event = parse_event(_event(object=..., pii=...))
    assert (event.matter, event.commitments) == (None, {})


@pytest.mark.parametrize(
    "change",
    [
        *({name: ...} for name in ("v", "id", "ts", "type", "outcome", "tenant")),
        {"v": 2},
        {"v": True},
        {"id": "x"},
        {"id": 1},
        {"tenant": TENANT.upper()},
        {"ts": "2026-05-01T12:00:00Z"},
        {"ts": "2026-05-01T12:00:00.000000+00:00"},
        {"ts": "2026-02-30T12:00:00.000000Z"},
        {"ts": 1},
        {"type": "download"},
        {"type": "Document.download"},
        {"type": "document..download"},
        {"type": "document." + "x" * 100},
        {"type": "document.download\n"},
        {"type": None},
        {"outcome": "fine"},
        {"outcome": None},
        {"object": None},
        {"object": []},
        {"object": {"matter": None}},
        {"object": {"matter": "x"}},
        {"pii": ["x"]},
        {"pii": {"ip": "ab"}},
        {"pii": {"ip": None}},
        {"outcome": []},
        {"outcome": {}},
        {"filler": "x" * MAX_EVENT_BYTES},
    ],
)
def test_an_event_out_of_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        parse_event(_event(**change))


def test_a_commitment_hashes_label_salt_and_value() -> None:
    expected = hashlib.sha256(b"redwell/pii/v1\x00" + SALT + "Zoë".encode()).digest()
    assert commitment(SALT, "Zoë") == expected
    with pytest.raises(FormatError):
        commitment(SALT[:-1], "Zoë")
