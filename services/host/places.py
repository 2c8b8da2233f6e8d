"""The file of addresses' countries, tried before anything is started that would stumble over it."""

from services.auth.policies.places import Places, PlacesFileError
from services.host.errors import HostError
from services.kernel.settings import Settings


class PlacesFailError(HostError):
    """The file cannot be used; the message says why."""


def require_places(settings: Settings) -> None:
    """Return if there is to be no such file, or it can be read (raises PlacesFailError)."""
    if settings.address_countries is None:
        return
    try:
        Places.open(settings.address_countries).close()
    except PlacesFileError as error:
        raise PlacesFailError(str(error)) from error
