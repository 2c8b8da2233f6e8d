"""`redwell get`: documents of a matter into a folder here, checked against what was listed.

A file gets its name only when all of it is there and right. What came before an interruption lies beside it,
hidden, and the same command goes on with it. What is here already, with the same bytes, is skipped.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from clients.python.redwell_client import RedwellClientError, file_sha256
from services.cli.files.outcome import Outcome
from services.cli.files.places import PlaceError, find_matter, is_below, local_place
from services.cli.files.session import SignedIn, signed_in
from services.cli.files.work import Moved, Task, run_all, with_patience


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents of which matter, where to, and whether what is there gives way."""

    matter: str
    places: Sequence[str]
    root: Path
    overwrite: bool = False


def get(wanted: Wanted, jobs: int, *, quiet: bool) -> list[Outcome]:
    """Fetch the documents at these places, or all, into a folder; what became of each.

    Raises:
        PlaceError: there is no such matter or place for one, or two documents would be one file here.
        NotSignedInError, ProblemError: refused altogether.
    """
    with signed_in() as person:
        found = person.client.documents(find_matter(person.client, wanted.matter)["id"], limit="200")
        targets = _targets(wanted.root, _chosen(list(found), wanted.places))
        getting = _Getting(person, {}, wanted.overwrite)
        run_all((getting.task(path, row) for path, row in targets.items()), jobs, quiet=quiet)
        return [getting.outcomes[path] for path in targets]


def _chosen(documents: list[dict[str, Any]], places: Sequence[str]) -> list[dict[str, Any]]:
    for place in places:
        if not any(is_below(row, place) for row in documents):
            raise PlaceError(f"There is nothing at {place} that you may see.")
    return [row for row in documents if not places or any(is_below(row, place) for place in places)]


def _targets(root: Path, documents: list[dict[str, Any]]) -> dict[Path, dict[str, Any]]:
    """Each document's file. Documents of the same name are told apart by their ids."""
    targets: dict[Path, dict[str, Any]] = {}
    taken: set[str] = set()
    for row in sorted(documents, key=lambda row: (row["folder"], row["name"], row["id"])):
        path = local_place(root, row)
        plain, number = path, 0
        while str(path).casefold() in taken:
            path = plain.with_name(f"{plain.stem} ({row['id']}{'-' * number}){plain.suffix}")
            number += 1
        taken.add(str(path).casefold())
        targets[path] = row
    return targets


@dataclass(frozen=True, slots=True)
class _Getting:
    person: SignedIn
    outcomes: dict[Path, Outcome]
    overwrite: bool

    def task(self, path: Path, document: dict[str, Any]) -> Task:
        size = document["version"]["length_bytes"]
        return Task(str(path), size, lambda moved: self._one(path, document, moved))

    def _one(self, path: Path, document: dict[str, Any], moved: Moved) -> None:
        size, sha256 = document["version"]["length_bytes"], document["version"]["sha256"]
        state, problem = "fetched", None
        try:
            if path.is_file() and path.stat().st_size == size and file_sha256(path) == sha256:
                state = "skipped"
                moved(size)
            elif os.path.lexists(path) and not self.overwrite:
                state, problem = (
                    "failed",
                    "another file is here under this name; use --overwrite",
                )
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                with_patience(lambda: self._fetch(path, document, moved))
        except (RedwellClientError, httpx.HTTPError, OSError) as failure:
            state, problem = "failed", str(failure) or type(failure).__name__
        self.outcomes[path] = Outcome(str(path), document["id"], state, size, sha256, problem)

    def _fetch(self, path: Path, document: dict[str, Any], moved: Moved) -> None:
        came = 0

        def counted(count: int) -> None:
            nonlocal came
            came += count
            moved(count)

        self.person.renew()
        try:
            self.person.client.fetch_on(document, path, moved=counted)
        except (RedwellClientError, httpx.HTTPError):
            moved(-came)
            raise
