"""What mails say: plain words, ids and links. Never a client, a matter's title or a document's name."""

from datetime import datetime

from services.auth.mail.letters import Letter


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def invitation(to: str, organization: str, code: str, expires_at: datetime, url: str) -> Letter:
    """The code goes to the address invited and to nobody else."""
    return Letter(
        to,
        "You are invited to Redwell",
        f"""\
{organization} invites you to join it on Redwell.

Your code, which works once and until {moment(expires_at)}:

    {code}

Redeem it with this address of yours:

    redwell join --url {url} {code}

If you did not expect this mail, ignore it. Do not pass it on: whoever has the
code and can read your mail can join in your name.
""",
    )
