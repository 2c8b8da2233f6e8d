"""`redwell get`: documents of a matter into a folder here, checked against what was listed.

A file gets its name only when all of it is there and right. What came before an interruption lies beside it,
hidden, and the same command goes on with it. What is here already, with the same bytes, is skipped.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.python.redwell_client import RedwellClientError, Watch, file_sha256
from services.cli.files.outcome import Done, Outcome, left, problem_of
from services.cli.files.places import PlaceError, find_matter, is_below, local_place
from services.cli.files.session import SignedIn, signed_in
from services.cli.files.work import Manner, Task, run_all


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents of which matter, where to, and whether what is there gives way."""

    matter: str
    places: Sequence[str]
    root: Path
    overwrite: bool = False


def get(wanted: Wanted, manner: Manner) -> Done:
    """Fetch the documents at these places, or all, into a folder; what became of each.

    Raises:
        PlaceError: there is no such matter or place for one, or two documents would be one file here.
        NotSignedInError, ProblemError: refused altogether.
    """
    with signed_in() as person:
        found = person.client.documents(find_matter(person.client, wanted.matter)["id"], limit="200")
        targets = _targets(wanted.root, _chosen(list(found), wanted.places))
        getting, done = _Getting(person, {}, wanted.overwrite), Done()
        with done.stopping():
            run_all((getting.task(path, row) for path, row in targets.items()), manner, person.renew_since)
        done.outcomes = [getting.outcomes.get(path) or _left(path, row) for path, row in targets.items()]
        return done


def _left(path: Path, document: dict[str, Any]) -> Outcome:
    return left(path, document["version"]["length_bytes"])


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
        return Task(str(path), size, lambda watch: self._one(path, document, watch))

    def _one(self, path: Path, document: dict[str, Any], watch: Watch) -> None:
        size, sha256 = document["version"]["length_bytes"], document["version"]["sha256"]
        state, problem = "fetched", None
        try:
            if path.is_file() and path.stat().st_size == size and file_sha256(path) == sha256:
                state = "skipped"
                watch.found(size)
            elif os.path.lexists(path) and not self.overwrite:
                state, problem = (
                    "failed",
                    "another file is here under this name; use --overwrite",
                )
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                watch.patience.keep_trying(self.person.renew)
                self.person.client.fetch_on(document, path, watch)
        except (RedwellClientError, OSError) as failure:
            state, problem = "failed", problem_of(failure)
        self.outcomes[path] = Outcome(str(path), document["id"], state, size, sha256, problem)
