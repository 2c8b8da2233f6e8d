"""The people of the story, each with a client, a password nobody chose, and an authenticator."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyotp

from clients.python.redwell_client import ProblemError, Redwell, Tokens
from services.cli.demo.instance import Throwaway

STEP = timedelta(seconds=30)
CODE_REFUSED = "mfa-failed"
FRESH_SECONDS = 200.0  # sensitive operations ask for a factor proved in the last 300 s
RENEW_SECONDS = 400.0  # an access token lives 600 s


@dataclass
class Person:
    """A member. `part` says who they are in the story."""

    name: str
    part: str
    email: str
    client: Redwell
    id: str = ""
    organization: str = ""
    acting_for: str = ""
    secret: str = field(default="", repr=False)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(15), repr=False)
    proved_at: float = 0.0
    renewed_at: float = 0.0

    def code(self, steps_back: int = 0) -> str:
        """What the authenticator shows, or showed so many steps of 30 s ago."""
        return pyotp.TOTP(self.secret).at(datetime.now(UTC) - steps_back * STEP)

    def join(self, code: str) -> None:
        """Redeem an invitation. The confirming code opens the first session.

        It is the code of the step before, which is still good: so the present one is left for signing in,
        and nobody has to wait for the next.
        """
        joined = self.client.join(code, self.email, self.name, self.password)
        self.id, self.organization = joined["member_id"], joined["organization"]["id"]
        self.secret = joined["totp"]["secret"]
        _despite_step_border(lambda: self.client.confirm_join(joined["challenge"], self.code(steps_back=1)))
        self._proved(self.organization)

    def finish_sign_in(self, challenge: str) -> None:
        """The second factor."""
        _despite_step_border(lambda: self.client.confirm_sign_in(challenge, self.code()))
        self._proved(self.organization)

    def act_for(self, firm: str) -> None:
        self.client.act_for(firm)
        self.acting_for = firm

    def stay_signed_in(self) -> None:
        """Renew the access token when much of its life is over, as during a long upload."""
        if time.monotonic() - self.renewed_at > RENEW_SECONDS:
            self.renew()

    def renew(self) -> None:
        """Trade the refresh token for new ones."""
        self.client.refresh()
        self.renewed_at = time.monotonic()
        if self.acting_for != self.organization:
            self.client.act_for(self.acting_for)

    def prove_again(self) -> None:
        """Prove the second factor anew where a sensitive operation would find the last proof too old."""
        if time.monotonic() - self.proved_at < FRESH_SECONDS:
            return
        self.stay_signed_in()
        answer = self.client.call("POST", "/v1/step-up", {"code": self.code()})
        assert self.client.tokens is not None
        self.client.tokens = Tokens.of(answer, self.client.tokens.refresh)
        self._proved(self.acting_for)

    def _proved(self, acting_for: str) -> None:
        self.proved_at = self.renewed_at = time.monotonic()
        self.acting_for = acting_for


@dataclass
class Cast:
    """Everybody of the story; who has not joined yet has no id."""

    operator: Person
    firm_admin: Person
    provider_admin: Person
    attorney: Person
    officer: Person
    granted: Person
    ungranted: Person

    def everybody(self) -> list[Person]:
        return list(vars(self).values())


def make_cast(instance: Throwaway) -> Cast:
    def person(name: str, part: str, domain: str) -> Person:
        email = f"{name.replace(' ', '.').lower()}@{domain}.example"
        return Person(name, part, email, instance.client())

    return Cast(
        operator=person("Ines Okafor", "runs the platform", "redwell"),
        firm_admin=person("Margit Haldane", "administers the firm", "harbour-quill"),
        provider_admin=person("Priya Raman", "administers the provider", "lexbridge"),
        attorney=person("Edward Quill", "attorney of the firm", "harbour-quill"),
        officer=person("Sofia Lindqvist", "compliance officer of the firm", "harbour-quill"),
        granted=person("Arjun Mehta", "paralegal of the provider", "lexbridge"),
        ungranted=person("Beth Nkosi", "paralegal of the provider", "lexbridge"),
    )


def _despite_step_border(send: Callable[[], None]) -> None:
    """Send a code; once more where its 30 seconds ended on the way."""
    try:
        send()
    except ProblemError as refused:
        if refused.slug != CODE_REFUSED:
            raise
        send()
