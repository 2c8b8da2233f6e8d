"""One person's conversation with one Redwell: sign in, put files in, take files out, read the log."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from .devices import Devices
from .errors import raise_for_problem
from .fetching import Fetch
from .files import Moved, unseen
from .log import Log
from .patience import Watch
from .proving import SCHEME, Prover, Proving
from .saving import saved
from .sets import Sets
from .uploading import JSON, Uploading

_TIMEOUT = httpx.Timeout(30, read=120)


@dataclass(slots=True)
class Tokens:
    """What a signed-in person holds; neither token shows in a `repr`. `bound`: good with proofs alone."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    acting_for: str
    bound: bool = False

    @classmethod
    def of(cls, answer: Mapping[str, Any], refresh: str = "") -> "Tokens":
        bound = answer["token_type"] == SCHEME
        return cls(answer["access_token"], answer.get("refresh_token", refresh), answer["acting_for"], bound)

    @property
    def authorization(self) -> str:
        """The value of the header, with the scheme that goes with the token."""
        return f"{SCHEME if self.bound else 'Bearer'} {self.access}"


class Redwell(Uploading, Sets, Log, Devices):
    """A client. `ca` is a PEM file to trust beside the system's authorities; `tokens` is who one is."""

    def __init__(
        self, url: str, *, ca: Path | None = None, tokens: Tokens | None = None, key: Prover | None = None
    ) -> None:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        self.url = url.rstrip("/")
        self.tokens = tokens
        self._http = httpx.Client(base_url=self.url, verify=context, timeout=_TIMEOUT, trust_env=False)
        if key is not None:
            self.prove(key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def prove(self, key: Prover) -> None:
        """From here on prove `key`: a session that begins is bound to it, and its tokens to proofs of it."""
        self._http.auth = Proving(key)

    def call(self, method: str, path: str, body: object = None, **query: str) -> JSON:
        """One JSON operation.

        Raises:
            ProblemError: the server refused.
        """
        response = self._http.request(method, path, json=body, params=query or None, headers=self._headers())
        raise_for_problem(response)
        answer: JSON = response.json() if response.content else {}
        return answer

    def pages(self, path: str, **query: str) -> Iterator[JSON]:
        """Every item of a list operation, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.call("GET", path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next"]

    # People

    def join(self, code: str, email: str, name: str, password: str) -> JSON:
        """Redeem an invitation; the answer holds the TOTP secret to enrol and the challenge to confirm."""
        return self.call(
            "POST", "/v1/join", {"code": code, "email": email, "name": name, "password": password}
        )

    def confirm_join(self, challenge: str, code: str) -> None:
        self._keep(self.call("POST", "/v1/join/confirm", {"challenge": challenge, "code": code}))

    def recovery_codes(self) -> list[str]:
        """Ten new recovery codes, shown once; the older ones are void. Wants a fresh factor."""
        codes: list[str] = self.call("POST", "/v1/recovery-codes")["codes"]
        return codes

    def sign_in(self, email: str, password: str) -> str:
        """The first factor; returns the challenge for the second."""
        answer = self.call("POST", "/v1/sign-in", {"email": email, "password": password})
        return str(answer["challenge"])

    def confirm_sign_in(self, challenge: str, code: str) -> None:
        self._keep(self.call("POST", "/v1/sign-in/confirm", {"challenge": challenge, "code": code}))

    def refresh(self) -> None:
        """New tokens for the organization acted for now."""
        assert self.tokens is not None, "sign in first"
        body = {"refresh_token": self.tokens.refresh, "acting_for": self.tokens.acting_for}
        self._keep(self.call("POST", "/v1/tokens/refresh", body))

    def step_up(self, code: str) -> None:
        """Prove the second factor again, for operations that want it fresh."""
        assert self.tokens is not None, "sign in first"
        self.tokens = Tokens.of(self.call("POST", "/v1/step-up", {"code": code}), self.tokens.refresh)

    def act_for(self, organization_id: str) -> "Redwell":
        """Switch to another organization's tokens; nothing else is carried across."""
        assert self.tokens is not None, "sign in first"
        answer = self.call("POST", "/v1/tokens/switch", {"organization_id": organization_id})
        self.tokens = Tokens.of(answer, self.tokens.refresh)
        return self

    # Documents

    def documents(self, matter_id: str, **query: str) -> Iterator[JSON]:
        return self.pages(f"/v1/matters/{matter_id}/documents", **query)

    def versions(self, document_id: str) -> Iterator[JSON]:
        return self.pages(f"/v1/documents/{document_id}/versions")

    def history(self, document_id: str) -> Iterator[JSON]:
        """What became of a document, with what it was before each change."""
        return self.pages(f"/v1/documents/{document_id}/history")

    def rename(self, document: JSON, name: str) -> JSON:
        return self.change(document, name=name)

    def move(self, document: JSON, folder: str) -> JSON:
        """Move a document to another folder of its matter."""
        return self.change(document, folder=folder)

    def reclassify(self, document: JSON, class_id: str) -> JSON:
        return self.change(document, class_id=class_id)

    def describe(self, document: JSON, *, tags: Sequence[str], note: str) -> JSON:
        """Give a document these tags and this note, in place of those it had."""
        return self.change(document, tags=list(tags), note=note)

    def change(self, document: JSON, **fields: object) -> JSON:
        """Change a document as it was read; the answer is it as it is then.

        Raises:
            ProblemError: refused; `precondition-failed` when it was changed since it was read.
        """
        return self._on_revision("PATCH", document, "", fields)

    def withdraw(self, document: JSON) -> JSON:
        """Take away a document that should not be in its matter."""
        return self._on_revision("POST", document, "/withdraw")

    def restore(self, document: JSON) -> JSON:
        return self._on_revision("POST", document, "/restore")

    def fetch(
        self,
        document_id: str,
        target: Path,
        *,
        version: int | None = None,
        resumes: int = 3,
        moved: Moved = unseen,
    ) -> str:
        """Fetch a document into `target`, which gets its name only when all of it is there and right.

        Args:
            document_id: whose content.
            target: the file to make.
            version: its number; the newest if absent.
            resumes: how often to go on after the connection broke, as long as each time something came.
            moved: told how many bytes came; a negative number when it has to begin anew.

        Returns:
            The SHA-256 of the content, hex.

        Raises:
            EndedEarlyError: the content ended early, too often.
            IntegrityError: the content is not what the server announced.
            TargetError: there is no room for it, or the folder cannot be written.
        """
        fetch = Fetch(self._http, self._headers, _content_of(document_id, version), moved)
        with saved(target) as opened:
            return fetch.into(opened, resumes)

    def fetch_on(self, document: JSON, target: Path, watch: Watch | None = None) -> None:
        """As `fetch`, of a document as listed; what came before a break is kept, and gone on with next time.

        Raises:
            EndedEarlyError, httpx.TransportError: out of patience; call again.
            IntegrityError, TargetError: see `fetch`.
        """
        sha256, number = document["version"]["sha256"], document["version"]["number"]
        watch = watch or Watch()
        fetch = Fetch(self._http, self._headers, _content_of(document["id"], number), watch.moved)
        fetch.on_into(target, f".redwell-{document['id']}-{sha256[:16]}.part", sha256, watch)

    def _on_revision(self, method: str, document: JSON, act: str, body: object = None) -> JSON:
        headers = self._headers() | {"If-Match": f'"{document["revision"]}"'}
        path = f"/v1/documents/{document['id']}{act}"
        response = self._http.request(method, path, json=body, headers=headers)
        raise_for_problem(response)
        changed: JSON = response.json()
        return changed

    def changes(self, after: str | None = None, **query: str) -> JSON:
        """What concerns one since `after`, oldest first. Keep its `after` once the items are dealt with."""
        return self.call("GET", "/v1/changes", **query, **({"after": after} if after else {}))

    def inboxes(self) -> Iterator[JSON]:
        """What waits in one's own organization, then in each firm that one may act for: a token for each."""
        own = self.call("GET", "/v1/me")["organization"]["id"]
        firms = {own: "", **{row["id"]: row["name"] for row in self.pages("/v1/firms")}}
        for organization, name in firms.items():
            tokens = Tokens.of(self.call("POST", "/v1/tokens/switch", {"organization_id": organization}))
            response = self._http.get("/v1/inbox", headers={"Authorization": tokens.authorization})
            raise_for_problem(response)
            yield {"name": name, **response.json()}

    def import_members(self, file: bytes, *, dry_run: bool = False) -> JSON:
        """Invite, suspend and off-board by the rows of a CSV file: all of them, or none.

        Raises:
            ProblemError: the server refused; of `members-rows-refused`, `document["rows"]` says which rows.
        """
        headers = self._headers() | {"Content-Type": "text/csv"}
        query = {"dry_run": str(dry_run).lower()}
        response = self._http.post("/v1/members/bulk", content=file, params=query, headers=headers)
        raise_for_problem(response)
        done: JSON = response.json()
        return done

    def _headers(self) -> dict[str, str]:
        tokens = self.tokens
        return {"Authorization": tokens.authorization} if tokens is not None and tokens.access else {}

    def _keep(self, answer: Mapping[str, Any]) -> None:
        self.tokens = Tokens.of(answer)


def _content_of(document_id: str, version: int | None) -> str:
    numbered = "" if version is None else f"/versions/{version}"
    return f"/v1/documents/{document_id}{numbered}/content"
