from uuid import uuid4

import pytest

from services.auth.identity import IdentityKeys
from services.keys.fields import FieldError
from services.keys.wrapping import new_key

KEYS = IdentityKeys(new_key())


def test_sealed_fields_open_at_their_own_place_alone() -> None:
    tenant, member = uuid4(), uuid4()
    sealed = KEYS.seal_email(tenant, member, "ada@example.com")
    assert b"ada" not in sealed
    assert KEYS.open_email(tenant, member, sealed) == "ada@example.com"
    for elsewhere in ((tenant, uuid4()), (uuid4(), member)):
        with pytest.raises(FieldError):
            KEYS.open_email(*elsewhere, sealed)
    with pytest.raises(FieldError):
        KEYS.open_name(tenant, member, sealed)


def test_names_and_seeds_open_again() -> None:
    tenant, row = uuid4(), uuid4()
    assert KEYS.open_name(tenant, row, KEYS.seal_name(tenant, row, "Zoë")) == "Zoë"
    assert KEYS.open_seed(tenant, row, KEYS.seal_seed(tenant, row, "JBSW")) == "JBSW"


def test_an_index_is_the_same_for_one_address_and_one_key_alone() -> None:
    assert KEYS.email_index("ada@example.com") == KEYS.email_index("ada@example.com")
    assert KEYS.email_index("ada@example.com") != KEYS.email_index("bob@example.com")
    assert KEYS.email_index("ada@example.com") != IdentityKeys(new_key()).email_index("ada@example.com")


def test_throttle_sources_differ_in_every_part() -> None:
    sources = {
        KEYS.throttle_source(kind, account, address)
        for kind in ("password", "code")
        for account in (b"a", b"b")
        for address in ("", "10.0.0.1", "10.0.0.11")
    }
    assert len(sources) == 12
