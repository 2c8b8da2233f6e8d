"""`redwell login` and `logout`: approved elsewhere or with two factors here, and whom one acts for."""

import getpass
import platform
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from clients.python.redwell_client import ProblemError, Redwell
from clients.python.redwell_client.proof_key import ProofKey
from services.cli.files.keeping import KeyringUnusableError, Store, choose
from services.cli.files.session import (
    Kept,
    SessionOverError,
    forget,
    forget_token,
    keep,
    session_file,
    signed_in,
)

_NAME_LETTERS = 80
_MINUTE_SECONDS = 60


class LoginError(Exception):
    """One sentence on why not."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to sign in.

    url: where Redwell is. ca: PEM file to trust beside the system's authorities. firm: name or id of the firm
    to act for; one's own organization if absent. store: where the session is kept. by_password: ask for both
    factors here, rather than have it approved elsewhere. bound: bind the session to a new key; that is done
    too where the organization demands it.
    """

    url: str
    ca: Path | None
    firm: str | None
    store: Store
    by_password: bool
    bound: bool = False


def login(wanted: Wanted) -> str:
    """Sign in and keep the session; a sentence on who is signed in, and for whom.

    Raises:
        LoginError: nobody answers there as Redwell does, or the answers were refused.
    """
    try:
        in_keyring = choose(wanted.store)
        with Redwell(wanted.url, ca=wanted.ca) as client:
            client.call("GET", "/v1/openapi.json")  # before anything is asked for in vain
            key = ProofKey.generate()
            if wanted.bound:
                client.prove(key)
            (_ask_for_factors if wanted.by_password else _have_approved)(client, key)
            member, firms = client.call("GET", "/v1/me"), _firms(client)
            if wanted.firm is not None:
                client.act_for(_chosen(firms, wanted.firm))
            forget_token()
            ca = str(wanted.ca.absolute()) if wanted.ca else None
            held = key.to_pem() if client.tokens is not None and client.tokens.bound else None
            login = secrets.token_hex(8)
            keep(Kept(client.url, ca, "", "", login, in_keyring=in_keyring, key=held), client.tokens)
            return f"{_told(member, firms, wanted.firm)}\n{_kept(wanted.store, in_keyring=in_keyring)}"
    except KeyringUnusableError as unusable:
        raise LoginError(f"{unusable}. --store file keeps the session in a file.") from unusable
    except ProblemError as refused:
        raise LoginError(str(refused)) from refused
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
        raise LoginError(f"{wanted.url} cannot be reached over TLS: {failure}") from failure


def logout() -> str:
    """End the session there and forget it here.

    Raises:
        NotSignedInError: there is none.
    """
    try:
        with signed_in() as person:
            person.client.call("POST", "/v1/sign-out")
    except SessionOverError:
        forget()
        return "The session had ended already; it is forgotten here."
    forget()
    return "Signed out."


def _ask_for_factors(client: Redwell, key: ProofKey) -> None:
    email = input("Your e-mail address: ")
    challenge = client.sign_in(email, getpass.getpass("Your password: "))
    code = input("The code that your authenticator shows: ").strip()
    _proving(client, key, lambda: client.confirm_sign_in(challenge, code))


def _have_approved(client: Redwell, key: ProofKey) -> None:
    host = "".join(letter for letter in platform.node() if letter.isprintable())[:_NAME_LETTERS]
    waiting = client.begin_device(f"redwell on {host or 'a machine without a name'}")
    print(
        f"Open {waiting.verification_uri} in a browser, on any device, and type {waiting.user_code} there\n"
        f"(or, where you are signed in already: redwell approve {waiting.user_code}).\n"
        f"It is good for {waiting.expires_in // _MINUTE_SECONDS} minutes.",
        flush=True,
    )
    _proving(client, key, lambda: client.await_device(waiting))


def _proving(client: Redwell, key: ProofKey, sign_in: Callable[[], None]) -> None:
    """Sign in, with a proof of the key where the organization demands one."""
    try:
        sign_in()
    except ProblemError as refused:
        if refused.slug != "proof-required":
            raise
        client.prove(key)
        sign_in()


def _kept(store: Store, *, in_keyring: bool) -> str:
    if in_keyring:
        return "The session is kept in the keyring of this system."
    why = "No keyring can be used here, so the" if store is Store.AUTO else "The"
    return f"{why} session is kept in {session_file()}, which only you can read."


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
