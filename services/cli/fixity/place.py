"""The settings of an instance, for commands that an operator gives beside the running services."""

from pathlib import Path

from services.cli.doctor.database import embedded_place
from services.cli.up import data_root, settings_from_environment
from services.host.errors import HostError
from services.host.prepare import DATABASE
from services.kernel.settings import Settings


def settings_of(data: Path | None) -> Settings:
    """The settings of the instance in a folder; of services on their own, those of the environment.

    Raises:
        HostError: there is no instance, or it does not run.
    """
    told, folder = settings_from_environment(), data_root(data)
    if "REDWELL_DATABASE_HOST" not in told:
        place = embedded_place(folder, told.get("REDWELL_DATABASE_NAME", DATABASE))
        if place is None:
            raise HostError(f"No Redwell runs from {folder}; start it, or name its folder with --data.")
        told |= {
            "REDWELL_DATABASE_HOST": place.host,
            "REDWELL_DATABASE_PORT": str(place.port),
            "REDWELL_DATABASE_NAME": place.name,
        }
    try:
        passwords = told.get("REDWELL_DATABASE_PASSWORDS") or (folder / "database.json").read_text()
    except OSError as error:
        raise HostError(f"{folder / 'database.json'} cannot be read: {error.strerror}.") from error
    usual = {"REDWELL_KEYS": str(folder / "keys"), "REDWELL_OBJECTS": str(folder / "objects")}
    return Settings.from_environment({**usual, **told, "REDWELL_DATABASE_PASSWORDS": passwords})
