import base64
import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.audit.offline.events import commitment, parse_event
from services.evidence.event import Draft, Subject, build_event
from services.kernel.principal import Admission, Principal

NOW = datetime(2026, 5, 1, 12, 0, 0, 5, tzinfo=UTC)
FIRM, PERSON, MATTER = (UUID(int=0x0192F0C1_0000_7000_8000_000000000000 + n) for n in (1, 2, 3))
PRINCIPAL = Principal(PERSON, FIRM, FIRM, MATTER, frozenset(), frozenset(), "aal2", ("pwd", "otp"), NOW)
ADMISSION = Admission("documents.fetch", "GET", "/v1/x", MATTER, "192.0.2.7", "curl/8", PRINCIPAL)


def test_the_offline_verifier_reads_what_is_built() -> None:
    draft = Draft("document.fetched", subject=Subject("document", PERSON, matter=MATTER), content={"len": 3})
    event = build_event(FIRM, draft, ADMISSION, NOW)
    parsed = parse_event(event.body)
    assert event.sha256 == hashlib.sha256(event.body).digest()
    assert event.header == f"{event.id}; sha256={event.sha256.hex()}"
    assert str(parsed.matter) == str(MATTER)


def test_what_locates_a_person_is_only_committed_to() -> None:
    event = build_event(FIRM, Draft("document.fetched"), ADMISSION, NOW)
    assert b"192.0.2.7" not in event.body
    assert b"curl" not in event.body
    assert event.personal is not None
    document = json.loads(event.body)
    for name, (value, salt) in json.loads(event.personal).items():
        assert document["pii"][name] == commitment(base64.b64decode(salt), value).hex()


def test_two_equal_values_are_committed_to_differently() -> None:
    first, second = (build_event(FIRM, Draft("a.b"), ADMISSION, NOW) for _ in range(2))
    assert json.loads(first.body)["pii"] != json.loads(second.body)["pii"]


def test_what_the_system_does_by_itself_has_no_actor() -> None:
    event = build_event(FIRM, Draft("upload.abandoned", "info"), None, NOW)
    assert set(json.loads(event.body)) == {"v", "id", "ts", "tenant", "type", "outcome"}
    assert event.personal is None


def test_an_event_is_at_most_8_kib() -> None:
    with pytest.raises(ValueError, match="8 KiB"):
        build_event(FIRM, Draft("a.b", change={"text": "x" * 8192}), ADMISSION, NOW)
