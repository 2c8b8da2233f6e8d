"""Whether everything that an archive is to hold can be had: looked at before any of it is promised."""

import asyncio
from collections.abc import Sequence

from services.docs_api.archives.contents import Content
from services.docs_api.transfers.errors import IntegrityFailure
from services.docs_api.transfers.opening import SealedVersion
from services.docs_api.vault import Vault
from services.keys.errors import KeysError
from services.storage.protocol import ObjectMissingError

ASKED_AT_ONCE = 16


class Damaged(Exception):
    """A document whose key, rows or objects are not as they were."""

    def __init__(self, content: Content) -> None:
        super().__init__()
        self.content = content


async def require_present(vault: Vault, contents: Sequence[Content]) -> None:
    """Return if every key opens, every segment has its row, and every object is there in its length.

    Raises:
        Damaged: it is not so; its cause says why.
        StoreError: the store did not answer.
    """
    for content in contents:
        try:
            await _require_objects(vault, await content.open(vault))
        except (KeysError, IntegrityFailure, ObjectMissingError) as cause:
            raise Damaged(content) from cause


async def _require_objects(vault: Vault, version: SealedVersion) -> None:
    for start in range(0, len(version.segments), ASKED_AT_ONCE):
        rows = version.segments[start : start + ASKED_AT_ONCE]
        sizes = await asyncio.gather(*(vault.stores.size(row["object_key"]) for row in rows))
        if any(size != row["sealed_bytes"] for row, size in zip(rows, sizes, strict=True)):
            raise IntegrityFailure
