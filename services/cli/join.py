"""`redwell join CODE`: redeem an invitation at a terminal, with password and authenticator."""

import getpass
from pathlib import Path

import httpx

from clients.python.redwell_client import ProblemError, Redwell
from clients.python.redwell_client.proof_key import ProofKey

_CODE_TRIES = 3
_MEANT = {
    "not-found": "This code is not known here; check that all of it was copied.",
    "invitation-ended": "This code was used already, was replaced, or has run out; ask for another.",
    "invitation-for-another": "This code was made for another e-mail address.",
    "invalid-input": "The e-mail address or the name is not of a form that is taken here.",
    "password-refused": "This password is too common, or holds your address or the organization's name.",
}


class JoinError(Exception):
    """One sentence on why joining failed."""


def join(url: str, ca: Path | None, code: str) -> str:
    """Ask for what is needed, enrol, and sign in once; returns a sentence on who joined what.

    Raises:
        JoinError: nobody answers there as Redwell does, or the code or an answer was refused.
    """
    try:
        with Redwell(url, ca=ca) as client:
            client.call("GET", "/v1/openapi.json")  # before anything is asked for in vain
            return _join(client, code)
    except ProblemError as refused:
        raise JoinError(_MEANT.get(refused.slug, str(refused))) from refused
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
        trust = (
            f"the authorities in {ca}" if ca else "the system's authorities; a local CA is named with --ca"
        )
        raise JoinError(f"{url} cannot be reached over TLS, trusting {trust}: {failure}") from failure


def _join(client: Redwell, code: str) -> str:
    email = input("Your e-mail address: ")
    name = input("Your name: ")
    password = getpass.getpass("Choose a password (8 characters or more): ")
    if password != getpass.getpass("The same password again: "):
        raise JoinError("The two passwords differ; nothing was sent.")
    joined = client.join(code, email, name, password)
    print("Add this secret to your authenticator app (TOTP, 6 digits, 30 seconds):")
    print(f"  {joined['totp']['secret']}\n  {joined['totp']['uri']}")
    _confirm(client, joined["challenge"])
    print("Recovery codes, shown only now. Each replaces your authenticator once; keep them apart from it:")
    print("\n".join(f"  {code}" for code in client.recovery_codes()))
    organization = joined["organization"]
    return (
        f"You have joined {organization['name']} as {', '.join(joined['roles'])}. Id: {joined['member_id']}"
    )


def _confirm(client: Redwell, challenge: str) -> None:
    for left in reversed(range(_CODE_TRIES)):
        try:
            _prove_if_needed(client, challenge, input("The code it shows now: ").strip())
        except ProblemError as refused:
            if refused.slug not in {"mfa-failed", "invalid-input"} or not left:
                raise
            print("That is not the code of this moment; wait for the next one and check your device's clock.")
        else:
            return


def _prove_if_needed(client: Redwell, challenge: str, code: str) -> None:
    try:
        client.confirm_join(challenge, code)
    except ProblemError as refused:
        if refused.slug != "proof-required":
            raise
        client.prove(ProofKey.generate())
        client.confirm_join(challenge, code)
