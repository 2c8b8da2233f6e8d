"""What notices say: plain words, ids and links. Never a client, a matter's title or a document's name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from services.auth.mail.wording import moment

Row = Mapping[str, Any]
Words = tuple[str, str]
"""Subject and text."""


OF_ACCOUNTS = MappingProxyType(
    {
        "member.factor.added": "A further authenticator can now be used to sign in to your account.",
        "member.factor.removed": "An authenticator was removed; it no longer works, and its sessions ended.",
        "member.factor.replaced": "A new authenticator was enrolled; the old one no longer works.",
        "member.password.changed": "Your password was changed.",
        "member.recovery.started": "A recovery code was used to begin signing in without your authenticator.",
        "member.recovery.completed": "Your account was recovered with a recovery code.",
        "member.recovery_codes.replaced": "New recovery codes were made; the old ones no longer work.",
        "member.roles.changed": "Your roles in your organization were changed.",
        "member.suspended": "Your account was suspended by your organization.",
        "member.reinstated": "Your account was reinstated by your organization.",
        "member.offboarded": "Your account was closed by your organization.",
    }
)
"""What is told of an account, by the type of the event."""


def account_changed(row: Row, url: str) -> Words:
    return (
        "Your Redwell account",
        f"""\
{OF_ACCOUNTS[row["kind"]]}

    member    {row["about"]}
    when      {moment(row["at"])}
    Redwell   {url}

If this is a surprise, tell your administrator.
""",
    )


def grant_given(row: Row, url: str) -> Words:
    return (
        "You were given access on Redwell",
        f"""\
You were given access to documents in a matter.

    grant    {row["about"]}
    matter   {url}/v1/matters/{row["matter_id"]}
    firm     {row["firm"]}
    until    {moment(row["ends_at"])}

Sign in and switch to the firm to read them.
""",
    )


def grant_revoked(row: Row, url: str) -> Words:
    return (
        "Your access on Redwell was taken back",
        f"""\
Your access to documents in a matter was taken back. It has ended already.

    grant    {row["about"]}
    matter   {url}/v1/matters/{row["matter_id"]}
    firm     {row["firm"]}

If you still need it, ask the attorney who gave it to you.
""",
    )


def grant_ending(row: Row, url: str) -> Words:
    return (
        "Your access on Redwell ends soon",
        f"""\
Your access to documents in a matter ends on {moment(row["ends_at"])}.

    grant    {row["about"]}
    matter   {url}/v1/matters/{row["matter_id"]}
    firm     {row["firm"]}

If you need it for longer, ask the attorney who gave it to you for a new grant.
""",
    )


def access_requested(row: Row, url: str) -> Words:
    return (
        "Access is asked for on Redwell",
        f"""\
One of your provider's people asks for access to documents in a matter that you are on.

    request   {row["about"]}
    matter    {url}/v1/matters/{row["matter_id"]}/access-requests
    firm      {row["firm"]}

Sign in to read what for. A grant that names the request answers it; or decline it.
""",
    )


def request_declined(row: Row, url: str) -> Words:
    return (
        "A request for access on Redwell was declined",
        f"""\
The access that was asked for was not given.

    request   {row["about"]}
    matter    {url}/v1/matters/{row["matter_id"]}
    firm      {row["firm"]}

Sign in and look at your requests to read why.
""",
    )


def engagement_ended(row: Row, url: str) -> Words:
    return (
        "An engagement on Redwell has ended",
        f"""\
A firm has ended its engagement with your organization. Every access under it has ended already.

    engagement   {row["about"]}
    firm         {row["firm"]}
    Redwell      {url}
""",
    )


def quarantined(row: Row, url: str) -> Words:
    return (
        "Content on Redwell was put into quarantine",
        f"""\
The scan stood against content that was put into a matter that you are on. Nobody can fetch it.

    document   {row["about"]}
    matter     {url}/v1/matters/{row["matter_id"]}/quarantine
    firm       {row["firm"]}

Sign in to read what was found. If that is mistaken, you can let the content out and say why.
""",
    )


def token_reused(row: Row, url: str) -> Words:
    return (
        "You were signed out of Redwell, for safety",
        f"""\
Something that had kept you signed in was used a second time. Either a program of
yours repeated itself, or somebody has a copy. The session was ended everywhere.

    session   {row["about"]}
    when      {moment(row["at"])}
    Redwell   {url}

Sign in again. If this was not you, change your password and tell your administrator.
""",
    )


def sponsor_left(row: Row, url: str) -> Words:
    return (
        "Somebody external on Redwell has no sponsor",
        f"""\
Who answered for an external member of your organization has left or was suspended.

    member    {row["about"]}
    when      {moment(row["at"])}
    Redwell   {url}/v1/external-members

Name another sponsor, or suspend the member. Until then their access goes on to its end.
""",
    )
