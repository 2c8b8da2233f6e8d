"""`bench vault`: content in and out, against the least that anything could do for the same bytes."""

import hashlib
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.clients import Rate, ask_again_and_again, get, put
from bench.measuring import MIB, ROUNDS, Result, by_turns, plain, ratio
from bench.processes import cpu_seconds
from bench.s3 import against_boto3
from bench.stage import Stage, staged
from tests.harness.memory import peak_mib, restart_peak, worker_pids
from tests.harness.seaweed import running_seaweed

SMALL = 64 * 1024
CONNECTIONS = 32
TRANSFERS = 64
EACH = 16 * MIB


@dataclass(frozen=True)
class Sizes:
    """bulk: bytes of one large transfer. long: of the longest. seconds: of one turn at small ones."""

    bulk: int
    long: int
    seconds: float


QUICK = Sizes(256 * MIB, 512 * MIB, 4)
FULL = Sizes(1024 * MIB, 20 * 1024 * MIB, 20)


def measure(*, full: bool) -> Iterator[Result]:
    """Every figure of the vault, one after the other, as soon as it is known."""
    sizes = FULL if full else QUICK
    with staged({}) as stage:
        yield from _memory_idle(stage)
        yield from _bulk(stage, sizes)
        yield from _ranges_and_lengths(stage, sizes)
        yield from _small(stage, sizes, "fetch64k_vs_bare", "≥ 0.35")
        yield from _memory_busy(stage)
    with running_seaweed() as server, staged(server.settings()) as stage:
        yield from against_boto3(stage, server, sizes.bulk)
        yield from _small(stage, sizes, "fetch64k_s3_vs_bare", "≥ 0.2")


def uploads(stage: Stage, size: int) -> Callable[[], float]:
    """A function that uploads so many bytes, and tells MiB/s."""
    numbers = count()

    def once() -> float:
        target = stage.new_upload(f"{size}-{next(numbers)}.bin")
        return size / MIB / put(stage.product, target, size)

    return once


def _bulk(stage: Stage, sizes: Sizes) -> Iterator[Result]:
    size, used = sizes.bulk, list[float]()
    upload = uploads(stage, size)

    def watched_upload() -> float:
        before = cpu_seconds(stage.world.instance)
        rate = upload()
        used.append(cpu_seconds(stage.world.instance) - before)
        return rate

    pairs = by_turns(watched_upload, lambda: size / MIB / put(stage.bare, "/", size))
    per_gib = statistics.median(used) * 1024 * MIB / size
    yield ratio("upload_vs_sink", pairs, "MiB_s", "≥ 0.6", cpu_seconds_per_gib=per_gib)
    floor = _primitives_seconds_per_gib()
    yield plain(
        "upload_cpu_vs_primitives",
        [seconds * 1024 * MIB / size / floor for seconds in used],
        "ratio",
        "≤ 5",
        primitives_seconds_per_gib=floor,
    )
    newest = stage.newest
    yield ratio(
        "download_vs_source",
        by_turns(
            lambda: size / MIB / get(stage.product, newest, size)[1],
            lambda: size / MIB / get(stage.bare, f"/?{size}", size)[1],
        ),
        "MiB_s",
        "≥ 0.7",
    )


def _primitives_seconds_per_gib() -> float:
    """SHA-256 and AES-256-GCM of the same bytes in pieces of 1 MiB, on one core, and nothing else."""
    piece, cipher = os.urandom(MIB), AESGCM(os.urandom(32))
    digest, begun = hashlib.sha256(), time.process_time()
    for number in range(256):
        digest.update(piece)
        cipher.encrypt(number.to_bytes(12), piece, None)
    return (time.process_time() - begun) * 4


def _ranges_and_lengths(stage: Stage, sizes: Sizes) -> Iterator[Result]:
    """Whether length costs: the middle of a long document, and the rate of a long upload."""
    short_upload, upload_long = uploads(stage, 10 * MIB), uploads(stage, sizes.long)
    longest = list[str]()

    def long_upload() -> float:
        rate = upload_long()
        longest.append(stage.newest)
        return rate

    rounds = 1 if sizes is FULL else 3
    pairs = by_turns(long_upload, short_upload, rounds)
    yield ratio("upload_long_vs_10mib", pairs, "MiB_s", "≥ 0.9", long_mib=sizes.long / MIB)
    short_upload()
    short, long = stage.newest, longest[-1]
    place, middle = stage.product, sizes.long // 2 + 12345
    yield ratio(
        "range_long_vs_10mib",
        by_turns(
            lambda: get(place, long, SMALL, f"Range: bytes={middle}-{middle + SMALL - 1}")[0] * 1000,
            lambda: get(place, short, SMALL, f"Range: bytes=12345-{12345 + SMALL - 1}")[0] * 1000,
            rounds=4 * ROUNDS,
        ),
        "ms",
        "≤ 1.5",
    )


def _small(stage: Stage, sizes: Sizes, name: str, budget: str) -> Iterator[Result]:
    put(stage.product, stage.new_upload(f"{name}.bin"), SMALL)
    target, seen = stage.newest, list[Rate]()

    def fetch() -> float:
        seen.append(ask_again_and_again(stage.product, target, CONNECTIONS, sizes.seconds))
        return seen[-1].per_second

    def bare() -> float:
        return ask_again_and_again(stage.bare, "/bare", CONNECTIONS, sizes.seconds).per_second

    yield ratio(name, by_turns(fetch, bare), "per_second", budget)
    yield plain(
        name.replace("vs_bare", "p99_vs_p50"),
        [rate.p99 / rate.p50 for rate in seen],
        "ratio",
        "≤ 5",
        p50_ms=statistics.median(rate.p50 for rate in seen) * 1000,
        p99_ms=statistics.median(rate.p99 for rate in seen) * 1000,
    )


def _memory_idle(stage: Stage) -> Iterator[Result]:
    (worker,) = worker_pids(stage.world.instance)
    restart_peak(worker)
    yield plain("rss_base_mib", [peak_mib(worker)], "MiB", "≤ 200")


def _memory_busy(stage: Stage) -> Iterator[Result]:
    """What 64 transfers at once add, going up and coming down."""
    (worker,) = worker_pids(stage.world.instance)
    place, before, added = stage.product, peak_now(worker), list[float]()
    made = [(stage.new_upload(f"at-once-{number}.bin"), stage.newest) for number in range(TRANSFERS)]
    with ThreadPoolExecutor(TRANSFERS) as pool:
        for work in (
            lambda addresses: put(place, addresses[0], EACH),
            lambda addresses: get(place, addresses[1], EACH)[1],
        ):
            restart_peak(worker)
            list(pool.map(work, made))
            added.append((peak_mib(worker) - before) / TRANSFERS)
    yield plain("rss_per_transfer_mib", added, "MiB", "≤ 24", transfers=TRANSFERS)


def peak_now(pid: int) -> float:
    restart_peak(pid)
    return peak_mib(pid)
