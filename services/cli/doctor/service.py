"""What can be asked of a running instance: its private port, its database, its store, its log, its clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.cli.doctor.finding import Finding, age_text, fine, mend, note

INSTANCE, LOG, CLOCK = "instance", "log", "clock"
MOST_BACKLOG = timedelta(minutes=1)
MOST_SKEW = timedelta(seconds=30)
OLDEST_NOW = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Health:
    """Answers of the private port. None: not reached. `missing`, `notes`: sentences of /readyz."""

    alive: bool
    ready: bool | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogFacts:
    """The access log as it lies in the database. Times are None where there is nothing yet."""

    trees: int
    leaves: int
    waiting: int
    waiting_since: datetime | None
    unsigned_trees: int
    signed_at: datetime | None


def running(*, held: bool | None, told: bool) -> Finding:
    """`held`: whether the folder's lock is; None where there is no lock (separate services).

    `told`: whether it is known where the database is.
    """
    if held is None and told:
        return fine(INSTANCE, "Separate services, each looked at by its private port.")
    if held is None:
        return note(
            INSTANCE,
            "No ./redwell up has run on this folder; services, database and log were not looked at.",
            "Set the environment that ./redwell prepare printed, and run it again.",
        )
    if held:
        return fine(INSTANCE, "Redwell runs on this folder.")
    return note(
        INSTANCE, "Redwell is stopped; database and log were not looked at.", "Start it with ./redwell up."
    )


def health(found: Health, address: str) -> list[Finding]:
    if not found.alive:
        then = "Give the address with --ops; if it is right, see the instance's messages."
        return [mend(INSTANCE, f"Nothing answers /livez at {address}.", then)]
    if found.ready:
        then = "Some are not served; all others are."
        noted = [mend(INSTANCE, f"{address} says: {sentence}.", then) for sentence in found.notes]
        return [fine(INSTANCE, f"{address} says that it is alive and ready."), *noted]
    sentences = "; ".join(found.missing) or "it does not say why"
    return [
        mend(
            INSTANCE,
            f"{address} is alive but not ready: {sentences}.",
            "Mend what it names; it recovers by itself.",
        )
    ]


def store(where: str, problem: str | None) -> Finding:
    """`where`: the store in words."""
    if problem is None:
        return fine(INSTANCE, f"The object store, {where}, takes an object and gives it up again.")
    then = "Check a folder's rights and its disk's space, or a bucket's address, credentials and policy."
    return mend(INSTANCE, f"The object store is {where}. {problem}", then)


def database(problem: str | None) -> Finding:
    if problem is None:
        return fine(INSTANCE, "The database answers.")
    return mend(
        INSTANCE, f"The database cannot be asked: {problem}", "Check that Postgres runs, and its own log."
    )


def connection(*, encrypted: bool, local: bool) -> Finding:
    """`local`: over a Unix socket or within this machine, where nobody else can listen."""
    if encrypted or local:
        return fine(
            INSTANCE, "The connection to the database is " + ("encrypted." if encrypted else "local.")
        )
    return mend(
        INSTANCE,
        "The connection to the database goes over the network in clear.",
        "Turn TLS on in Postgres (ssl=on, with a certificate), or reach it through a tunnel.",
    )


def log(facts: LogFacts, now: datetime) -> list[Finding]:
    signed = f"last signed {age_text(facts.signed_at, now)} ago" if facts.signed_at else "nothing signed yet"
    found = [fine(LOG, f"{facts.trees} logs with {facts.leaves} leaves, {signed}.")]
    late = facts.waiting_since is not None and now - facts.waiting_since > MOST_BACKLOG
    if late and facts.waiting_since is not None:
        waiting = (
            f"{facts.waiting} events wait for their leaf, the oldest for {age_text(facts.waiting_since, now)}"
        )
        found.append(
            mend(LOG, f"{waiting}.", "Events are safe; restart the audit service, and see its messages.")
        )
    elif facts.waiting:
        found.append(note(LOG, f"{facts.waiting} events wait for their leaf, as is usual for a moment."))
    if facts.unsigned_trees and late:
        found.append(
            mend(LOG, f"{facts.unsigned_trees} logs have leaves that no checkpoint covers.", "As above.")
        )
    return found


def clock(now: datetime, database_now: datetime | None, signed_at: datetime | None) -> Finding:
    """The machine's clock against what cannot be later, and against the database's."""
    then = "Set the clock and keep it by NTP: codes, tokens and the log's times depend on it."
    if now < OLDEST_NOW:
        return mend(CLOCK, f"The clock says {now:%Y-%m-%d}, which is before this program was written.", then)
    if signed_at is not None and signed_at - now > MOST_SKEW:
        return mend(
            CLOCK,
            f"The log was signed at {signed_at:%Y-%m-%d %H:%M}, which the clock has yet to reach.",
            then,
        )
    if database_now is not None and abs(database_now - now) > MOST_SKEW:
        seconds = abs(database_now - now) // timedelta(seconds=1)
        return mend(CLOCK, f"The clocks of Redwell and its database differ by {seconds} seconds.", then)
    return fine(CLOCK, f"The clock says {now:%Y-%m-%d %H:%M} UTC.")
