"""Objects that no row names any more, deleted at once: what is stored is what counts.

Only what no transaction can still bring back: its row was removed by one that committed, or was refused
before it came to be. The best is done; what stays is found by the sweep.
"""

from collections.abc import Iterable

from services.kernel.logs import logger
from services.storage.protocol import Objects, StoreError

_log = logger("docs")


async def remove(store: Objects, keys: Iterable[str]) -> None:
    """Delete these objects; a store that does not answer is left to the sweep."""
    for key in keys:
        try:
            await store.delete(key)
        except StoreError as failure:
            _log.warning("an object is left to the sweep", why=type(failure).__name__)
            return
