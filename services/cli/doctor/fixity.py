"""When the store was last read again as a whole, and what was found."""

from dataclasses import dataclass
from datetime import datetime

from services.cli.doctor.finding import Finding, age_text, fine, mend, note

STORE = "store"


@dataclass(frozen=True, slots=True)
class FixityFacts:
    """Of the last whole verification that ended; None before the first one.

    `damaged_now`: versions that were damaged when they were last read, by whatever verification.
    """

    ended_at: datetime | None
    versions: int | None
    damaged: int | None
    running_since: datetime | None
    damaged_now: int
    suspended_at: datetime | None = None
    """Since when the sweep deletes nothing; None where it works."""


def belongs(facts: FixityFacts, now: datetime) -> Finding:
    """Whether database and store were last seen together."""
    if facts.suspended_at is None:
        return fine(STORE, "Database and store belong together, and the sweep works.")
    return mend(
        STORE,
        f"For {age_text(facts.suspended_at, now)} the sweep has deleted nothing: database and store were not "
        "last seen together.",
        "After a restore that is to stay: ./redwell restored. Else put the right one back.",
    )


def verified(facts: FixityFacts, now: datetime) -> Finding:
    then = "Run ./redwell verify; it works beside the running services."
    if facts.ended_at is None:
        text = "No verification of the whole store has ended yet"
    else:
        text = (
            f"The last verification of the whole store ended {age_text(facts.ended_at, now)} ago: "
            f"{facts.versions} versions, {facts.damaged} damaged"
        )
    if facts.running_since is not None:
        text += f"; one that began {age_text(facts.running_since, now)} ago has not ended"
    if facts.damaged_now:
        return mend(
            STORE,
            f"{text}. {facts.damaged_now} versions were damaged when they were last read.",
            "./redwell verify names them; put their objects back from a backup, and run it again.",
        )
    return note(STORE, f"{text}.", then) if facts.ended_at is None else fine(STORE, f"{text}.")
