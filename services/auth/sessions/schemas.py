"""Wire types of signing in."""

from uuid import UUID

from pydantic import AwareDatetime

from services.auth.wire import Digits, Email, Id, Label, Password, Secret, Wire


class SignIn(Wire):
    """The first factor. `organization_id` says which membership is meant, of an address that has several."""

    email: Email
    password: Password
    organization_id: Id | None = None


class SecondFactorNeeded(Wire):
    """The password was right. `challenge` opens nothing but the next step."""

    challenge: str
    factors: list[str]
    expires_at: AwareDatetime
    organization_id: UUID


class ChallengeAnswer(Wire):
    challenge: Secret
    code: Digits


class Renewal(Wire):
    """`acting_for`: the organization to act for from now on; as before where it is not said."""

    refresh_token: Secret
    acting_for: Id | None = None


class Switch(Wire):
    organization_id: Id


class StepUp(Wire):
    code: Digits


class SessionName(Wire):
    name: Label


class SessionView(Wire):
    """`methods`: how it was signed in (RFC 8176). `idle_until`: when it ends unless it is used.

    `bound`: its tokens are good with proofs of its device's key alone (RFC 9449).
    """

    id: UUID
    name: str | None
    started_at: AwareDatetime
    proved_at: AwareDatetime
    methods: list[str]
    idle_until: AwareDatetime
    expires_at: AwareDatetime
    current: bool
    bound: bool


class SessionList(Wire):
    items: list[SessionView]


class SessionsEnded(Wire):
    sessions: int
