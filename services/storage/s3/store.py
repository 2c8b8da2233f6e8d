"""The S3 store: `<prefix>/a/b/ab…` holds the object `ab…`; five calls, each of them plain.

boto3 blocks, so it works in threads of its own, as many as there are connections. An attempt that failed
for a reason that passes is repeated after a pause, in the event loop, until the operation's time is up.
When `put` returns, the store has said the SHA-256 of what it holds, or was read again; a body that was
altered on its way is sent again, not acknowledged.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any, Final, TypeVar

from services.storage.protocol import (
    MARK,
    OWNER,
    Bytes,
    ObjectExistsError,
    ObjectMissingError,
    StoredObject,
    StoreUnavailableError,
    is_object_key,
    new_object_key,
    require_object_key,
    require_object_size,
    require_same_owner,
)
from services.storage.s3.client import Answer, S3Calls, make_client
from services.storage.s3.errors import (
    FOREIGN,
    AlteredError,
    TransientError,
    answer_of,
    status_of,
    store_error,
)
from services.storage.s3.options import S3Options
from services.storage.s3.reading import Reader, checksum_of

T = TypeVar("T")

LISTED_AT_ONCE: Final = 1000
_FIRST_PAUSE_SECONDS: Final = 0.1
_PAUSE_GROWTH: Final = 3
_NOT_FOUND: Final = 404


class S3Store:
    """An `ObjectStore` in one bucket; `close` it after use."""

    def __init__(self, options: S3Options, listed_at_once: int = LISTED_AT_ONCE) -> None:
        self.options = options
        self._listed_at_once = listed_at_once
        self.calls: S3Calls = make_client(options)
        self._reader = Reader(options, self.calls)
        self._threads = ThreadPoolExecutor(options.limits.connections, thread_name_prefix="s3")

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._reader.close()
        self.calls.close()

    async def put(self, key: str, data: Bytes) -> None:
        place = self.place(key)
        require_object_size(data)
        async with self._in_time(key):
            # A net and no more: keys are random, and no server's conditional write can be relied on.
            if await self._blocking(self._exists, place, key):
                raise ObjectExistsError(f"The object {key} exists already.")
            await self._blocking(self._write, place, data, key)

    async def get(self, key: str) -> bytes:
        return await self._read(self.place(key), key)

    async def size(self, key: str) -> int:
        async with self._in_time(key):
            told = await self._blocking(self._size, self.place(key), key)
        # A HEAD does not say what is missing, the object or its bucket; a GET does.
        return len(await self.get(key)) if told is None else told

    async def delete(self, key: str) -> None:
        place = self.place(key)
        async with self._in_time(key):
            await self._blocking(self._remove, place, key)

    async def list(self) -> AsyncIterator[StoredObject]:
        token: str | None = None
        while True:
            async with self._in_time("a listing"):
                page = await self._blocking(self._page, token, "a listing")
            for row in page.get("Contents", ()):
                key = str(row["Key"]).rpartition("/")[2]
                if is_object_key(key) and row["Key"] == self.place(key):
                    yield StoredObject(key, row["Size"], row["LastModified"].astimezone(UTC))
            following = page.get("NextContinuationToken") if page.get("IsTruncated") else None
            if following is None:
                return
            if following == token:
                raise StoreUnavailableError("The store's listing does not go on.")
            token = following

    async def check(self) -> None:
        key = new_object_key()
        await self.put(key, b"")
        try:
            if await self.get(key) != b"":
                raise StoreUnavailableError("The store did not give back what it had just been given.")
        finally:
            await self.delete(key)

    async def claim(self, owner: str) -> None:
        place = self._below_prefix(OWNER)
        try:
            found = await self._read(place, OWNER)
        except ObjectMissingError:
            async with self._in_time(OWNER):
                await self._blocking(self._write, place, owner.encode(), OWNER)
            found = await self._read(place, OWNER)
        where = f"The prefix {self.options.prefix!r} of {self.options.where}"
        require_same_owner(owner, found, where)

    async def mark(self) -> str | None:
        try:
            return (await self._read(self._below_prefix(MARK), MARK)).decode(errors="replace")
        except ObjectMissingError:
            return None

    async def set_mark(self, mark: str) -> None:
        async with self._in_time(MARK):
            await self._blocking(self._write, self._below_prefix(MARK), mark.encode(), MARK)

    def place(self, key: str) -> str:
        """The name under which the bucket has the object `key`."""
        require_object_key(key)
        return self._below_prefix(f"{key[0]}/{key[1]}/{key}")

    def told(self, place: str) -> dict[str, object]:
        return {"Bucket": self.options.bucket, "Key": place}

    def _below_prefix(self, name: str) -> str:
        return f"{self.options.prefix}/{name}" if self.options.prefix else name

    async def _read(self, place: str, what: str) -> bytes:
        try:
            async with self._in_time(what):
                return await self._blocking(self._reader.read, self.told(place), what)
        except AlteredError as altered:
            return altered.data  # it lies so in the store: whoever sealed it will not open it

    @asynccontextmanager
    async def _in_time(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self.options.limits.operation_seconds):
                yield
        except TimeoutError as exc:
            raise StoreUnavailableError(f"The store was too slow for {what}.") from exc

    async def _persist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat `attempt` while its failure is one that passes, as often as there are attempts."""
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(self.options.limits.attempts - 1):
            try:
                return await attempt()
            except TransientError:
                await asyncio.sleep(pause)
                pause *= _PAUSE_GROWTH
        return await attempt()

    async def _blocking(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """`attempt_blocking`, persistently."""
        return await self._persist(lambda: self.attempt_blocking(work, *arguments))

    async def attempt_blocking(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Run `work`, which calls boto3, in a thread. The last argument is what errors name."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, functools.partial(work, *arguments))
        except FOREIGN as exc:
            raise store_error(exc, str(arguments[-1])) from exc

    # What follows runs in threads.

    def _exists(self, place: str, what: str) -> bool:
        return self._size(place, what) is not None

    def _size(self, place: str, what: str) -> int | None:
        try:
            answer = self.calls.head_object(**self.told(place))
        except FOREIGN as exc:
            if status_of(answer_of(exc)) == _NOT_FOUND:  # no body says more to a HEAD
                return None
            raise store_error(exc, what) from exc
        return int(answer["ContentLength"])

    def _write(self, place: str, data: Bytes, what: str) -> None:
        if self.options.checksum == "read-back":
            self.calls.put_object(**self.told(place), Body=data)
            confirmed = self._reader.read(self.told(place), what) == data
        else:
            checksum = checksum_of(data)
            answer = self.calls.put_object(**self.told(place), Body=data, ChecksumSHA256=checksum)
            confirmed = answer.get("ChecksumSHA256") == checksum
        if not confirmed:
            raise TransientError(f"The store did not confirm what it holds of {what}.")

    def _remove(self, place: str, what: str) -> None:
        try:
            self.calls.delete_object(**self.told(place))
        except FOREIGN as exc:
            error = store_error(exc, what)
            if not isinstance(error, ObjectMissingError):
                raise error from exc

    def _page(self, token: str | None, _what: str) -> Answer:
        told: dict[str, object] = {"Bucket": self.options.bucket, "MaxKeys": self._listed_at_once}
        told["Prefix"] = self._below_prefix("")
        if token is not None:
            told["ContinuationToken"] = token
        return self.calls.list_objects_v2(**told)
