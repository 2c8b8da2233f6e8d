"""Keys and certificates, judged from outside: there, private, how old. Names of keys, never a part of one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services.cli.doctor.finding import Finding, age_text, fine, mend, note
from services.keys.certificates import Validity

KEYS, TLS = "keys", "certificate"
# NIST SP 800-57 part 1, table 1: a signing key is used for one to three years.
SIGNING_LIFETIME = timedelta(days=730)
SIGNING = frozenset({"token.pem", "gateway.pem"})
RENEW_BEFORE = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key file from outside. `id`: the key's name, never a part of it. `problem`: why it is no use."""

    file: str
    made_at: datetime | None
    id: str | None
    problem: str | None


def key(facts: KeyFacts, now: datetime) -> Finding:
    if facts.problem is not None:
        return mend(
            KEYS,
            facts.problem,
            "Restore it from its backup if it is missing or damaged; never make a new one.",
        )
    if facts.made_at is None:
        return note(KEYS, f"{facts.file} is not here; this process may not need it.")
    named = f"{facts.file} ({facts.id})" if facts.id else facts.file
    age = f"{named} is {age_text(facts.made_at, now)} old"
    if facts.file in SIGNING and now - facts.made_at > SIGNING_LIFETIME:
        return note(KEYS, f"{age}; signing keys are best replaced every two years.")
    return fine(KEYS, f"{age}.")


def backup_reminder() -> Finding:
    text = "Whether there is a backup of keys/ apart from the data cannot be seen from here."
    return note(KEYS, text, "Without root.key nobody can read any content again: keep a copy elsewhere.")


def certificate(file: Path, facts: Validity, now: datetime) -> Finding:
    """`file`: the certificate that people are shown. A local authority's is renewed at each start."""
    names = ", ".join(facts.names)
    if now < facts.begins_at:
        return mend(
            TLS,
            f"The certificate for {names} is not valid before {facts.begins_at:%Y-%m-%d}.",
            "Check the clock.",
        )
    then = "Restart Redwell: it renews its own certificate." if facts.local else f"Renew {file} and restart."
    if now >= facts.ends_at:
        return mend(TLS, f"The certificate for {names} ended on {facts.ends_at:%Y-%m-%d}.", then)
    if facts.ends_at - now < RENEW_BEFORE:
        return mend(TLS, f"The certificate for {names} ends on {facts.ends_at:%Y-%m-%d}.", then)
    return fine(TLS, f"The certificate for {names} is valid until {facts.ends_at:%Y-%m-%d}.")
