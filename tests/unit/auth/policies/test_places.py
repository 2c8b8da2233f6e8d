from pathlib import Path

import pytest
from pydantic import SecretStr

from services.auth.policies.places import Places, PlacesFileError
from services.host.places import PlacesFailError, require_places
from services.kernel.settings import Settings
from tests.harness.countries import countries_file


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("192.0.2.7", "DE"),
        ("::ffff:192.0.2.7", "DE"),
        ("2001:db8::7%eth0", "IN"),
        ("198.51.100.1", None),
        ("203.0.113.9", None),  # the file says a code that is not assigned
        ("unknown", None),
        ("", None),
    ],
)
def test_the_file_says_where_an_address_is_or_nothing(
    tmp_path: Path, address: str, country: str | None
) -> None:
    told = {"192.0.2.0/24": "DE", "2001:db8::/32": "IN", "203.0.113.0/24": "XX"}
    places = Places.open(countries_file(tmp_path, told))
    assert places.country_of(address) == country
    places.close()


def test_what_is_no_such_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "text.mmdb"
    text.write_text("not a database" * 100)
    for path in (text, tmp_path / "absent.mmdb"):
        with pytest.raises(PlacesFileError, match="REDWELL_ADDRESS_COUNTRIES"):
            Places.open(path)
        with pytest.raises(PlacesFailError, match="REDWELL_ADDRESS_COUNTRIES"):
            require_places(settings(path))


def test_a_start_without_the_file_or_with_a_good_one_goes_on(tmp_path: Path) -> None:
    for path in (None, countries_file(tmp_path, {"192.0.2.0/24": "DE"})):
        require_places(settings(path))


def settings(path: Path | None) -> Settings:
    return Settings(
        keys=Path("keys"),
        objects=Path("objects"),
        database_host="nowhere",
        database_passwords=SecretStr("{}"),
        address_countries=path,
    )
