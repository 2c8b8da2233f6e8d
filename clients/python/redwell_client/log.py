"""What a client asks of the log: events, their proofs, and bundles."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from .errors import IntegrityError, NotSealedError, raise_for_problem
from .saving import saved

JSON = dict[str, Any]
CHUNK_BYTES = 1024 * 1024


class Log:
    """The part of a client that reads evidence."""

    _http: httpx.Client

    def pages(self, path: str, **query: str) -> Iterator[JSON]:
        raise NotImplementedError

    def _headers(self) -> dict[str, str]:
        raise NotImplementedError

    def receipt(self, event: str, *, patience_seconds: float = 60) -> bytes:
        """The proof of an event, for `redwell audit verify`: exact bytes, to be kept as they are.

        Args:
            event: its id, or the whole value of the `Redwell-Event` header of an answer.
            patience_seconds: how long to wait until a checkpoint covers it.

        Raises:
            ProblemError: the server refused; 404 also where it is not one's own.
            NotSealedError: no checkpoint covers it yet.
        """
        path = f"/v1/receipts/{event.partition(';')[0]}"
        deadline = time.monotonic() + patience_seconds
        while True:
            response = self._http.get(path, headers=self._headers())
            raise_for_problem(response)
            if response.status_code != httpx.codes.ACCEPTED:
                return response.content
            wait = float(response.headers.get("retry-after", 1))
            if time.monotonic() + wait > deadline:
                raise NotSealedError("no checkpoint covers the event yet; ask again later")
            time.sleep(wait)

    def events(self, **query: str) -> Iterator[JSON]:
        return self.pages("/v1/log/events", **query)

    def bundle(self, target: Path, **query: str) -> None:
        """Save the events that match, with their proof, as a bundle for `redwell audit verify`.

        Raises:
            ProblemError: the server refused.
            IntegrityError: it ended early.
            TargetError: there is no room for it, or the folder cannot be written.
        """
        self._save("/v1/log/bundles", {"filter": query}, target)

    def exit_bundle(self, matter_id: str, public_key: str, target: Path) -> None:
        """Save a whole matter: sealed objects, and their keys sealed to `public_key` (X25519, PEM).

        Raises:
            ProblemError: the server refused; `step-up-required` where the factor is not fresh.
            IntegrityError, TargetError: see `bundle`.
        """
        self._save(f"/v1/matters/{matter_id}/exit-bundle", {"public_key": public_key}, target)

    def _save(self, path: str, body: object, target: Path) -> None:
        with self._http.stream("POST", path, json=body, headers=self._headers()) as response:
            if response.is_error:
                response.read()
            raise_for_problem(response)
            with saved(target) as opened:
                try:
                    opened.writelines(response.iter_bytes(CHUNK_BYTES))
                except (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout) as broken:
                    raise IntegrityError("the bundle ended before it was complete") from broken
