"""Two things measured by turns on the same machine, and what is told of them.

A machine is never quiet, and never the same from one minute to the next. So a figure is a ratio of two
measurements that lie next to each other in time; of several such pairs the median counts, and how far they
lie apart is told with it.
"""

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MIB = 1024 * 1024
ROUNDS = 5


@dataclass(frozen=True)
class Result:
    """One figure.

    Attributes:
        name: as budgets name it.
        value: median over the rounds, in `unit`.
        baseline: median of what it was compared with, in the unit of `details`; None for plain figures.
        spread: the lowest and the highest of the rounds, in `unit`.
        budget: what it should be, in words.
        details: further medians by name, with their units in the names.
    """

    name: str
    value: float
    unit: str
    baseline: float | None
    spread: tuple[float, float]
    budget: str
    details: dict[str, float] = field(default_factory=dict)

    def to_json(self, command: str) -> dict[str, Any]:
        told = asdict(self) | {"command": command}
        told["value"], told["spread"] = _short(self.value), [_short(end) for end in self.spread]
        told["baseline"] = None if self.baseline is None else _short(self.baseline)
        told["details"] = {name: _short(value) for name, value in self.details.items()}
        return told


def plain(name: str, values: Sequence[float], unit: str, budget: str, **details: float) -> Result:
    """A figure without a baseline."""
    return Result(
        name, statistics.median(values), unit, None, (min(values), max(values)), budget, dict(details)
    )


def by_turns(
    ours: Callable[[], float], baseline: Callable[[], float], rounds: int = ROUNDS
) -> list[tuple[float, float]]:
    """Measure both `rounds` times, after one turn each that does not count; the order changes every time."""
    ours(), baseline()
    pairs: list[tuple[float, float]] = []
    for turn in range(rounds):
        if turn % 2:
            compared = baseline()
            pairs.append((ours(), compared))
        else:
            measured = ours()
            pairs.append((measured, baseline()))
    return pairs


def ratio(
    name: str, pairs: Sequence[tuple[float, float]], unit: str, budget: str, **details: float
) -> Result:
    """The median of the pairs' ratios; `unit` is what both were measured in."""
    ratios = [measured / compared for measured, compared in pairs]
    measured = statistics.median(pair[0] for pair in pairs)
    return Result(
        name,
        statistics.median(ratios),
        "ratio",
        statistics.median(pair[1] for pair in pairs),
        (min(ratios), max(ratios)),
        budget,
        {f"measured_{unit}": measured, **details},
    )


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")
