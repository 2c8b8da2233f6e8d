"""What a verification established, and how it is told to someone who is not a technician."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from services.audit.offline.checkpoint import Checkpoint
from services.audit.offline.errors import BundleError, ReceiptError
from services.audit.offline.manifest import Manifest
from services.audit.offline.receipt import ReceiptReport

_NO_PIN = (
    "You gave no pin. Whoever made this file may have made the key that signs it,",
    "so it proves nothing yet. Compare the fingerprint above with the one noted when",
    "the deployment was set up, and verify again with --pin.",
)


class Scope(Enum):
    """Which events a bundle promises to hold."""

    EVERYTHING = "everything"
    MATTER = "matter"
    SELECTION = "selection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A bundle that no step refused. `manifest.filter` and `generated_at` are the server's own words.

    Verified only if `pinned`. `first_at` and `last_at` are the earliest and latest time in the events given;
    `earlier` counts the kept checkpoints that the log extends; `withheld` counts commitments without a line.
    """

    pinned: bool
    fingerprint: str
    checkpoint: Checkpoint
    manifest: Manifest
    scope: Scope
    events: int
    outcomes: Mapping[str, int]
    first_at: str | None
    last_at: str | None
    matters: int
    earlier: int
    disclosed: int
    erased: int
    withheld: int


def render(report: Report) -> str:
    """The report in plain language, ASCII, ending with a newline."""
    verdict = "VERIFIED" if report.pinned else "UNPINNED"
    return "\n".join([verdict, "", *_facts(report), "", *_meaning(report), ""])


def render_receipt(report: ReceiptReport) -> str:
    """The same of a receipt: who, what hash, how many bytes, when."""
    verdict = "VERIFIED" if report.pinned else "UNPINNED"
    known = "as you pinned it" if report.pinned else "NOT PINNED"
    facts = {
        "Log": report.checkpoint.origin,
        "Organization": report.tenant,
        "Log key": f"{report.fingerprint} ({known})",
        "Checkpoint": f"{report.checkpoint.size} leaves, root {report.checkpoint.root.hex()}",
    }
    lines = [verdict, "", *(f"  {name:<16} {fact}" for name, fact in facts.items())]
    for place, event in zip(report.places, report.events, strict=True):
        lines += ["", *(f"  {name:<16} {_ascii(fact)}" for name, fact in _told_of(place, event))]
    meaning = (
        "The log's own key signed the checkpoint, and these events are in the log, unaltered.",
        "Nothing is said about any other event.",
    )
    return "\n".join([*lines, "", *(f"  {line}" for line in (meaning if report.pinned else _NO_PIN)), ""])


def render_refusal(error: BundleError | ReceiptError) -> str:
    """The refusal in plain language, ASCII, ending with a newline."""
    kind = "bundle" if isinstance(error, BundleError) else "receipt"
    return f"REFUSED (step {error.step})\n\n{error}\nNothing in this {kind} may be relied on.\n"


def _told_of(place: int, event: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What a person asks of a receipt. Fields beyond those that verification reads may be of any form."""
    actor, target, content, change = (
        value if isinstance(value := event.get(name), dict) else {}
        for name in ("actor", "object", "content", "change")
    )
    yield "Event", f"{event['type']}, {event['outcome']}"
    told = {
        "Reason": event.get("reason"),
        "When": event["ts"],
        "Who": actor.get("id"),
        "Of organization": actor.get("org"),
        "Matter": target.get("matter"),
        "Document": target.get("document"),
        "Version": target.get("version"),
        "SHA-256": content.get("sha256"),
        "Bytes": content.get("len"),
        "Part": content.get("range"),
        "Handed over": _handed_over(change),
    }
    yield from ((name, fact) for name, fact in told.items() if fact is not None)
    yield "Event id", event["id"]
    yield "Leaf", place


def _handed_over(change: Mapping[str, Any]) -> str | None:
    if "bytes" not in change or "of" not in change:
        return None
    whole = "complete" if change.get("complete") is True else "NOT complete"
    return f"{change['bytes']} of {change['of']} bytes, {whole}"


def _ascii(fact: object) -> str:
    text = str(fact)
    return text if text.isascii() and text.isprintable() else ascii(text)


def _facts(report: Report) -> list[str]:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in report.outcomes.items())
    known = "as you pinned it" if report.pinned else "NOT PINNED"
    facts = {
        "Log": report.checkpoint.origin,
        "Organization": report.manifest.tenant,
        "Log key": f"{report.fingerprint} ({known})",
        "Checkpoint": f"{report.checkpoint.size} leaves, root {report.checkpoint.root.hex()}",
        "Matters": str(report.matters),
        "Events given": f"{report.events} ({outcomes})" if outcomes else "0",
        "Time": f"{report.first_at} to {report.last_at}" if report.first_at else "-",
        "Personal values": f"{report.disclosed} disclosed and matching, {report.erased} said to be erased, "
        f"{report.withheld} not disclosed",
    }
    return [f"  {name:<16} {fact}" for name, fact in facts.items()]


def _meaning(report: Report) -> list[str]:
    sentences = [
        "The log's own key signed this checkpoint, and every leaf in the bundle hashes to it.",
        "Every event given is in the log, unaltered, in the place the log recorded.",
        "Each matter's events are numbered without a gap up to the checkpoint.",
        _completeness(report),
    ]
    if report.earlier:
        sentences.append(f"The log extends {report.earlier} checkpoint(s) you kept: it was not rewritten.")
    if report.erased:
        sentences.append("That values were erased is the server's statement; it is not proven here.")
    sentences.append("Nothing is said about what happened after this checkpoint.")
    if not report.pinned:
        sentences = list(_NO_PIN)
    return [f"  {sentence}" for sentence in sentences]


def _completeness(report: Report) -> str:
    if report.scope is Scope.EVERYTHING:
        return "Complete: every event of the log up to the checkpoint is here."
    if report.scope is Scope.MATTER:
        matter = report.manifest.filter["matter"]
        return f"Complete for matter {matter}: every one of its events up to the checkpoint is here."
    asked = ", ".join(f"{name} {value}" for name, value in sorted(report.manifest.filter.items()))
    return f"NOT a proof of completeness: a selection ({asked}) may leave events out."
