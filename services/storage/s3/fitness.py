"""Before anything is entrusted to a bucket: is it there, is it where it should be, does it keep its word?

1. The bucket is there, these credentials may use it, and it lies in the region that was told. AWS says in
   which it does; another server need not.
2. An object whose checksum is wrong is refused. (Not asked when each object is read back.)
3. One is written, read back, and gone after its deletion.
4. The store's clock agrees with this machine's: by its times the sweep decides what is old.

Whatever is not so ends the start with one sentence.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.kernel.clock import Clock, system_clock
from services.storage.protocol import (
    ObjectMissingError,
    StoreUnavailableError,
    StoreUnfitError,
    new_object_key,
)
from services.storage.s3.errors import FOREIGN, answer_of, status_of, store_error
from services.storage.s3.reading import checksum_of
from services.storage.s3.store import S3Store

MOST_SKEW: Final = timedelta(minutes=5)
_PROBE: Final = b"redwell probe"
_REGION_HEADER: Final = "x-amz-bucket-region"
_NOT_FOUND: Final = 404
_FORBIDDEN: Final = (401, 403)


async def require_fit(store: S3Store, clock: Clock = system_clock) -> None:
    """Return if the bucket does all that is asked of it.

    Raises:
        StoreUnfitError: it does not; the sentence says what, and what helps.
        StoreUnavailableError: it does not answer.
    """
    await store.attempt_blocking(_require_bucket, store, "the bucket")
    if store.options.checksum == "sha256":
        await store.attempt_blocking(_require_checks, store, "an object with a wrong checksum")
    key = new_object_key()
    await store.put(key, _PROBE)
    await _require_kept(store, key)
    await store.attempt_blocking(_require_clock, store, key, clock, "the time of an object")
    await store.delete(key)
    await _require_gone(store, key)


def _require_bucket(store: S3Store, what: str) -> None:
    options = store.options
    try:
        answer: Mapping[str, Any] = store.calls.head_bucket(Bucket=options.bucket)
    except FOREIGN as exc:
        answer = answer_of(exc)
        if not answer:
            raise store_error(exc, f"{what} {options.bucket} at {options.endpoint or 'AWS'}") from exc
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get(_REGION_HEADER)
    if region not in {None, options.region}:
        raise StoreUnfitError(
            f"The region of {options.where} is not {options.region}, which REDWELL_S3_REGION says; "
            "content stays in the region that was told."
        )
    status = status_of(answer)
    if status == _NOT_FOUND:
        raise StoreUnfitError(f"There is no such bucket as {options.where}; make it, it is never made here.")
    if status in _FORBIDDEN:
        raise StoreUnfitError(f"The credentials do not open {options.where}.")
    if status >= 300:  # noqa: PLR2004 -- whatever else is no success
        raise StoreUnavailableError(f"A look at {options.where} was answered with {status}.")
    if region is None and options.endpoint is None:
        # A server that somebody named is where its address says; AWS has many regions, and always names one.
        raise StoreUnfitError(f"The region of {options.where} was not named, so content does not go there.")


def _require_checks(store: S3Store, what: str) -> None:
    told = store.told(store.place(new_object_key()))
    try:
        store.calls.put_object(**told, Body=_PROBE, ChecksumSHA256=checksum_of(b"something else"))
    except FOREIGN as exc:
        status = status_of(answer_of(exc))
        if status in _FORBIDDEN:
            raise StoreUnfitError(f"The credentials may not write to {store.options.where}.") from exc
        if status != 400:  # noqa: PLR2004 -- Bad Request, which is right
            raise store_error(exc, what) from exc
        return
    store.calls.delete_object(**told)
    raise StoreUnfitError(
        f"The store of {store.options.where} takes an object whose SHA-256 is wrong; set "
        "REDWELL_S3_CHECKSUM=read-back, so that each object is read again before it is counted as stored."
    )


async def _require_kept(store: S3Store, key: str) -> None:
    try:
        kept = await store.get(key) == _PROBE
    except ObjectMissingError:
        kept = False
    if not kept:
        raise StoreUnfitError(
            f"The store of {store.options.where} did not give back what it had just been given."
        )


def _require_clock(store: S3Store, key: str, clock: Clock, _what: str) -> None:
    answer = store.calls.head_object(**store.told(store.place(key)))
    modified_at: datetime = answer["LastModified"].astimezone(UTC)
    if abs(modified_at - clock()) > MOST_SKEW:
        raise StoreUnfitError(
            f"The clock of {store.options.where} and this machine's differ by more than "
            f"{MOST_SKEW // timedelta(minutes=1)} minutes; set them by NTP."
        )


async def _require_gone(store: S3Store, key: str) -> None:
    try:
        await store.get(key)
    except ObjectMissingError:
        return
    raise StoreUnfitError(f"The store of {store.options.where} keeps what it was told to delete.")
