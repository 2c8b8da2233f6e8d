"""`redwell join CODE`: redeem an invitation at a terminal, with password and authenticator."""

import getpass
from pathlib import Path

from clients.python.redwell_client import ProblemError, Redwell


class JoinError(Exception):
    """One sentence on why joining failed."""


def join(url: str, ca: Path | None, code: str) -> str:
    """Ask for what is needed, enrol, and sign in once; returns a sentence on who joined what.

    Raises:
        JoinError: the code or an answer was refused.
    """
    email = input("Your e-mail address: ")
    name = input("Your name: ")
    password = getpass.getpass("Choose a password (8 characters or more): ")
    if password != getpass.getpass("The same password again: "):
        raise JoinError("The two passwords differ; nothing was sent.")
    try:
        with Redwell(url, ca=ca) as client:
            joined = client.join(code, email, name, password)
            print("Add this secret to your authenticator app (TOTP, 6 digits, 30 seconds):")
            print(f"  {joined['totp']['secret']}\n  {joined['totp']['uri']}")
            client.confirm_join(joined["challenge"], input("The code it shows now: ").strip())
            codes = client.recovery_codes()
    except ProblemError as refused:
        raise JoinError(str(refused)) from refused
    print("Recovery codes, shown only now. Each replaces your authenticator once; keep them apart from it:")
    print("\n".join(f"  {code}" for code in codes))
    organization = joined["organization"]
    return (
        f"You have joined {organization['name']} as {', '.join(joined['roles'])}. Id: {joined['member_id']}"
    )
