"""Personal values open with their own key and in their own place only."""

import base64
import json
from dataclasses import replace
from uuid import UUID

import pytest

from services.audit.log.personal import Disclosed, PersonalData
from services.audit.log.queries import SealedData
from services.evidence.recorder import personal_name
from services.evidence.subjects import SubjectKeys
from services.keys.errors import KeysError
from services.keys.fields import seal_field
from services.keys.files import NamedKey
from services.keys.wrapping import KeyName, SecretKey, new_key, wrap

TENANT, EVENT, SUBJECT = UUID(int=1), UUID(int=2), UUID(int=3)
SALT = bytes(range(32))
MASTER = NamedKey(KeyName("subjects", None, UUID(int=9)), new_key())
FIELDS = {"pii": {"user_agent": "0" * 64, "address": "0" * 64}}


def sealed(key: SecretKey) -> SealedData:
    text = json.dumps({"address": ["192.0.2.1", base64.b64encode(SALT).decode()]})
    wrapped = wrap(MASTER.key, MASTER.name, key, KeyName("subject", TENANT, SUBJECT))
    return SealedData(SUBJECT, seal_field(key, personal_name(TENANT, EVENT), text), wrapped)


def test_committed_fields_come_sorted_and_what_is_missing_is_erased() -> None:
    personal = PersonalData(SubjectKeys(MASTER), TENANT, {EVENT: sealed(new_key())})
    values = personal.of(EVENT, FIELDS)
    assert list(values.items()) == [("address", Disclosed("192.0.2.1", SALT)), ("user_agent", None)]


def test_without_sealed_data_everything_committed_is_erased() -> None:
    personal = PersonalData(SubjectKeys(MASTER), TENANT, {})
    assert personal.of(EVENT, FIELDS) == {"address": None, "user_agent": None}
    assert personal.of(EVENT, {}) == {}


@pytest.mark.parametrize("changes", [{"subject": UUID(int=4)}, {"sealed": bytes(80)}])
def test_data_of_another_place_does_not_open(changes: dict[str, object]) -> None:
    moved = replace(sealed(new_key()), **changes)  # type: ignore[arg-type]  # one field each
    with pytest.raises(KeysError):
        PersonalData(SubjectKeys(MASTER), TENANT, {EVENT: moved}).of(EVENT, FIELDS)
