"""How `auth` refuses.

RedwellError
├── Unauthorized 401 ── SignInFailed · ChallengeEnded · CodeRefused · RefreshRefused
├── Forbidden 403 ── InvitationForAnother · PasswordMismatch
├── Conflict 409 ── MemberExists · AdministratorExists · LastAdministrator · MemberStateConflict
│                 · NotTheOnlyAdministrator · ResetPending · SecondPersonNeeded · NotSolo
│                 · MailNotSetUp · TeamExists · TeamClosed · LastFactor · TooManyFactors
├── InvitationEnded 410
└── InvalidInput 422 ── PasswordRefused · RolesRefused · TermsRefused · TeamRefused
"""

from typing import ClassVar

from services.kernel.problems import Conflict, Forbidden, InvalidInput, RedwellError, Unauthorized


class SignInFailed(Unauthorized):
    """Unknown address, wrong password, suspended member: one answer for all of them."""

    slug = "sign-in-failed"
    title = "Address and password do not belong together"
    challenge: ClassVar[str] = 'Bearer realm="redwell"'


class ChallengeEnded(Unauthorized):
    slug = "challenge-ended"
    title = "The challenge is unknown, used or over; begin again"
    challenge: ClassVar[str] = 'Bearer realm="redwell"'


class CodeRefused(Unauthorized):
    slug = "mfa-failed"
    title = "The code is not right, or was used before"
    challenge: ClassVar[str] = 'Bearer realm="redwell"'


class RefreshRefused(Unauthorized):
    slug = "refresh-refused"
    title = "The refresh token is unknown, used or over; sign in again"


class InvitationForAnother(Forbidden):
    slug = "invitation-for-another"
    title = "The invitation is for another address"


class PasswordMismatch(Forbidden):
    slug = "password-mismatch"
    title = "The present password is another one"


class InvitationEnded(RedwellError):
    status = 410
    slug = "invitation-ended"
    title = "The invitation was used, replaced, or is over; ask for a new one"


class MemberExists(Conflict):
    slug = "member-exists"
    title = "The organization has a member with this address"


class AdministratorExists(Conflict):
    slug = "administrator-exists"
    title = "The organization has an administrator, who invites everybody else"


class MailNotSetUp(Conflict):
    slug = "mail-not-set-up"
    title = "Nothing is mailed here; ask for the code in the reply, or have REDWELL_MAIL_URL set"


class LastAdministrator(Conflict):
    slug = "last-administrator"
    title = "The organization would have no administrator; make somebody else one first"


class MemberStateConflict(Conflict):
    slug = "member-state"
    title = "The member is not in a state in which this can be done"


class TeamExists(Conflict):
    slug = "team-exists"
    title = "The organization has a team of this name"


class TeamClosed(Conflict):
    slug = "team-closed"
    title = "The team was closed"


class NotTheOnlyAdministrator(Conflict):
    slug = "not-the-only-administrator"
    title = "This is for an organization with exactly one administrator; others can invite a colleague anew"


class ResetPending(Conflict):
    slug = "reset-pending"
    title = "A reset is pending already; release it or have it cancelled"


class LastFactor(Conflict):
    slug = "last-factor"
    title = "It is your last factor; add another one first"


class TooManyFactors(Conflict):
    slug = "too-many-factors"
    title = "You have as many factors as anybody may; remove one first"


class SecondPersonNeeded(Conflict):
    slug = "second-person-needed"
    title = "Somebody else must release the reset, or its delay must pass first"


class NotSolo(Conflict):
    slug = "not-solo"
    title = "Only a firm with a single member, which is not declared solo yet, can be declared so"


class PasswordRefused(InvalidInput):
    slug = "password-refused"
    title = "The password is too easily guessed"


class RolesRefused(InvalidInput):
    slug = "roles-refused"
    title = "These roles cannot be held together, or not in this organization"


class TermsRefused(InvalidInput):
    slug = "terms-refused"
    title = "Nobody can be external on these terms"


class TeamRefused(InvalidInput):
    slug = "team-refused"
    title = "The organization has no such team, or closed it"
