"""The last acts: the officer searches the log, and proves it to somebody who trusts nobody."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from services.cli.demo import proof
from services.cli.demo.show import ROWS
from services.cli.demo.story import Story

COLUMNS = ("time (UTC)", "who", "event", "outcome")
Row = dict[str, Any]
_CLOCK = slice(11, 23)  # of an RFC 3339 time: hours to milliseconds


def search_log(story: Story) -> None:
    """Search by outcome, document, actor, matter and time, as tables."""
    officer, show = story.cast.officer, story.show
    show.chapter(
        "The compliance officer reads the log",
        "Every act and every refusal is in it, written before anything was handed over. The log holds "
        "numbers, not names; the tables here put the names beside them.",
    )
    log = officer.client
    denied = list(log.events(outcome="denied", limit="200"))
    story.result.denied = len(denied)
    show.say("What was refused (what the operator and the stranger tried is in the platform's own log):")
    _table(story, denied)
    one = story.granted()[0]
    show.say(f"What happened to “{one.file.name}”:")
    _table(story, list(log.events(document=one.document_id)))
    _check(story, denied)
    since = min(row["event"]["ts"] for row in denied)
    asked = {
        "of the matter": {"matter": story.matter},
        f"by {story.cast.granted.name}": {"actor": story.cast.granted.id},
        "since the first refusal": {"from": since},
    }
    counts = (f"{_count(log.events(**wanted, limit='200'))} {words}" for words, wanted in asked.items())
    everything = list(log.events(limit="200"))
    story.result.events = len(everything)
    show.done(officer.name, f"finds {len(everything)} events in the firm's log: {', '.join(counts)}.")
    outcomes = Counter(row["event"]["outcome"] for row in everything)
    words = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    show.say(f"Outcomes: {words}. “info” is a step on the way, such as how much was handed over.")


def prove(story: Story) -> None:
    """Save a bundle, verify it in a process that knows only the fingerprint, and again after tampering."""
    officer, show, instance = story.cast.officer, story.show, story.instance
    show.chapter(
        "The proof",
        "The log is a tree of fingerprints, whose top is signed every few seconds. The officer takes a "
        "bundle away and checks it offline, with nothing but the fingerprint that was noted when Redwell was "
        "set up.",
    )
    officer.prove_again()
    bundle, forged = instance.work / "matter.zip", instance.work / "forged.zip"
    officer.client.bundle(bundle, matter=story.matter)
    show.done(officer.name, f"downloaded the matter's bundle ({bundle.stat().st_size:,} bytes).")
    genuine = proof.verify(bundle, instance.fingerprint)
    show.by_hand("The check, by a program of its own:", [_command(story, bundle)])
    show.output(genuine.stdout or genuine.stderr)
    story.result.verified = genuine.returncode == 0
    story.findings.expect(story.result.verified, "The genuine bundle was not verified")
    before, after = proof.alter(bundle, forged)
    show.say("Now one letter of one event is changed, so that somebody else seems to have done it:")
    show.output(f"- {_around(before, after)}\n+ {_around(after, before)}")
    tampered = proof.verify(forged, instance.fingerprint)
    show.by_hand("The same check:", [_command(story, forged)])
    show.output(tampered.stdout or tampered.stderr)
    story.result.tamper_detected = tampered.returncode != 0
    story.findings.expect(story.result.tamper_detected, "The altered bundle was verified")


def _check(story: Story, denied: Iterable[Row]) -> None:
    """Each refusal that somebody met is the very event in the log."""
    known = {row["event"]["id"] for row in denied}
    missing = [event for event in story.refusals.logged if event not in known]
    story.findings.expect(not missing, f"{len(missing)} refusals are not in the firm's log")


def _table(story: Story, rows: list[Row]) -> None:
    """Events in the order in which they happened."""
    names = {person.id: person.name for person in story.cast.everybody()}
    newest = [_cells(row, names) for row in rows[:ROWS]]
    story.show.table(COLUMNS, newest[::-1], len(rows) - ROWS)


def _cells(row: Row, names: dict[str, str]) -> tuple[str, ...]:
    event = row["event"]
    outcome = event["outcome"] + (f", {event['reason']}" if "reason" in event else "")
    return (
        event["ts"][_CLOCK],
        names.get(event.get("actor", {}).get("id", ""), ""),
        event["type"],
        outcome,
    )


def _command(story: Story, bundle: Path) -> str:
    return f"redwell audit verify {bundle.name} --pin {story.instance.fingerprint}"


def _count(rows: Iterable[Row]) -> int:
    return sum(1 for _ in rows)


def _around(line: bytes, other: bytes, width: int = 34) -> str:
    """The piece of `line` where it differs from `other`."""
    at = next(place for place, (one, two) in enumerate(zip(line, other, strict=True)) if one != two)
    return f"…{line[max(0, at - width) : at + width].decode()}…"
