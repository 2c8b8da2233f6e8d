"""`redwell login` and `logout`: two factors at the prompt, and the organization that one acts for."""

import getpass
import secrets
from pathlib import Path
from typing import Any

import httpx

from clients.python.redwell_client import ProblemError, Redwell
from clients.python.redwell_client.proof_key import ProofKey
from services.cli.files.session import forget, keep, signed_in


class LoginError(Exception):
    """One sentence on why not."""


def login(url: str, ca: Path | None, firm: str | None, *, bound: bool = False) -> str:
    """Ask for both factors and keep the session; a sentence on who is signed in, and for whom.

    Args:
        url: where Redwell is.
        ca: PEM file to trust beside the system's authorities.
        firm: name or id of the firm to act for; one's own organization if absent.
        bound: bind the session to a new key; that is done too where the organization demands it.

    Raises:
        LoginError: nobody answers there as Redwell does, or the answers were refused.
    """
    try:
        with Redwell(url, ca=ca) as client:
            client.call("GET", "/v1/openapi.json")  # before anything is asked for in vain
            email = input("Your e-mail address: ")
            challenge = client.sign_in(email, getpass.getpass("Your password: "))
            code = input("The code that your authenticator shows: ").strip()
            key = _confirm(client, challenge, code, bound=bound)
            member, firms = client.call("GET", "/v1/me"), _firms(client)
            if firm is not None:
                client.act_for(_chosen(firms, firm))
            trusted = str(ca.absolute()) if ca else None
            keep(client.url, trusted, client.tokens, secrets.token_hex(8), key)
            return _told(member, firms, firm)
    except ProblemError as refused:
        raise LoginError(str(refused)) from refused
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
        raise LoginError(f"{url} cannot be reached over TLS: {failure}") from failure


def _confirm(client: Redwell, challenge: str, code: str, *, bound: bool) -> str | None:
    """Sign in; returns the key that the session is bound to, if it is."""
    if not bound:
        try:
            client.confirm_sign_in(challenge, code)
        except ProblemError as refused:
            if refused.slug != "proof-required":
                raise
        else:
            return None
    key = ProofKey.generate()
    client.prove(key)
    client.confirm_sign_in(challenge, code)
    return key.to_pem()


def logout() -> str:
    """End the session there and forget it here.

    Raises:
        NotSignedInError: there is none.
    """
    with signed_in() as person:
        person.client.call("POST", "/v1/sign-out")
    forget()
    return "Signed out."


def _firms(client: Redwell) -> dict[str, str]:
    """Name by id: the list has a row for each engagement, and a firm may have several."""
    return {row["id"]: row["name"] for row in client.pages("/v1/firms")}


def _chosen(firms: dict[str, str], wanted: str) -> str:
    found = [firm for firm, name in firms.items() if wanted in (firm, name)]
    if len(found) != 1:
        names = ", ".join(f"{name} ({firm})" for firm, name in firms.items()) or "none"
        raise LoginError(f"--for names no firm, or several. You may act for: {names}")
    return found[0]


def _told(member: dict[str, Any], firms: dict[str, str], firm: str | None) -> str:
    sentence = f"Signed in as {member['name']}, {', '.join(member['roles'])}."
    if firms and firm is None:
        names = "\n".join(f"  {name}  {firm}" for firm, name in firms.items())
        sentence += f"\nTo read a firm's files, sign in with --for. You may act for:\n{names}"
    return sentence
