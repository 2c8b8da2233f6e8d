"""The object store, tried before anything is started that would stumble over it."""

from services.host.errors import HostError
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.storage.opening import open_store
from services.storage.protocol import StoreError


class StoreFailsError(HostError):
    """The object store cannot be used; the message says why."""


async def require_store(settings: Settings) -> None:
    """Return if the store is there, does what is asked of it, and is this deployment's; it is so from now on.

    Raises:
        StoreFailsError: it is not.
        KeysError: the key that names this deployment cannot be read.
    """
    owner = str(KeyDirectory(settings.keys).secret(KeyFile.SUBJECTS).name.id)
    try:
        async with open_store(settings, owner):
            return
    except StoreError as error:
        raise StoreFailsError(str(error)) from error
