"""In which country an address is, as a file of the operator's says: the one door to the MaxMind DB format."""

from ipaddress import ip_address
from pathlib import Path
from typing import Self

import maxminddb

from services.kernel.countries import COUNTRIES


class PlacesFileError(Exception):
    """The file cannot be used; the message is a sentence."""


class Places:
    """Open while the service runs; the file may meanwhile be replaced by another (`mv`), not written to."""

    def __init__(self, reader: maxminddb.Reader) -> None:
        self._reader = reader

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the file at `path`.

        Raises:
            PlacesFileError: it is not there, or not of this format.
        """
        try:
            return cls(maxminddb.open_database(path))
        except (OSError, maxminddb.InvalidDatabaseError) as exc:
            raise PlacesFileError(
                f"REDWELL_ADDRESS_COUNTRIES names no file of the MaxMind DB format: {path}"
            ) from exc

    def close(self) -> None:
        self._reader.close()

    def country_of(self, address: str) -> str | None:
        """The alpha-2 code of the country that `address` is in; None where the file does not say."""
        try:
            parsed = ip_address(address.partition("%")[0])
            found = self._reader.get(getattr(parsed, "ipv4_mapped", None) or parsed)
        except (ValueError, maxminddb.InvalidDatabaseError):  # no address; or of a kind that the file lacks
            return None
        country = found.get("country") if isinstance(found, dict) else None
        code = country.get("iso_code") if isinstance(country, dict) else country
        return code if isinstance(code, str) and code in COUNTRIES else None
