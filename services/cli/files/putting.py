"""`redwell put`: files and folders into a matter, as they lie here.

What the matter has already, under the same name with the same bytes, is skipped, so that after any
interruption the same command goes on. Other bytes under the same name become the next version.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from clients.python.redwell_client import RedwellClientError, file_sha256
from services.cli.files.outcome import Outcome
from services.cli.files.places import PlaceError, find_matter
from services.cli.files.session import SignedIn, signed_in
from services.cli.files.work import Moved, Task, run_all, with_patience

Known = dict[tuple[str, str], dict[str, Any]]
"""What is in the matter, by folder and name."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file here, and the folder it goes into there."""

    path: Path
    folder: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where everything goes."""

    matter: str
    class_id: str
    folder: str = ""


def put(paths: Sequence[Path], wanted: Wanted, jobs: int, *, quiet: bool) -> list[Outcome]:
    """Put files and folders into a matter; what became of each, in the order they were found in.

    Raises:
        PlaceError: there is no such file here, or no such matter there.
        NotSignedInError, ProblemError: refused altogether.
    """
    items = list(gather(paths, wanted.folder))
    with signed_in() as person:
        matter = find_matter(person.client, wanted.matter)["id"]
        documents = person.client.documents(matter, limit="200")
        known = {(row["folder"], row["name"]): row for row in documents}
        putting = _Putting(person, matter, wanted.class_id, known, {})
        run_all((putting.task(item) for item in items), jobs, quiet=quiet)
        return [putting.outcomes[item] for item in items]


def gather(paths: Iterable[Path], folder: str) -> Iterator[Item]:
    """Every file, and those in folders with their place in them. Links are not followed inside folders.

    Raises:
        PlaceError: something is not there, or is neither file nor folder.
    """
    for path in paths:
        if path.is_file():
            yield Item(path, folder)
        elif path.is_dir():
            top = path.resolve().name
            for found in sorted(path.rglob("*")):
                if found.is_file() and not found.is_symlink() and not _through_link(path, found):
                    between = found.parent.relative_to(path).parts
                    yield Item(found, "/".join(part for part in (folder, top, *between) if part))
        else:
            raise PlaceError(f"{path} is no file or folder here.")


def nfc(text: str) -> str:
    """As names are kept there, whichever form this system gives them in."""
    return unicodedata.normalize("NFC", text)


def _through_link(top: Path, found: Path) -> bool:
    above = found.parent
    while above != top:
        if above.is_symlink():
            return True
        above = above.parent
    return False


@dataclass(frozen=True, slots=True)
class _Putting:
    person: SignedIn
    matter: str
    class_id: str
    known: Known
    outcomes: dict[Item, Outcome]

    def task(self, item: Item) -> Task:
        size = item.path.stat().st_size
        return Task(str(item.path), size, lambda moved: self._one(item, size, moved))

    def _one(self, item: Item, size: int, moved: Moved) -> None:
        there = self.known.get((nfc(item.folder), nfc(item.path.name)))
        try:
            self.outcomes[item] = self._sent(item, size, there, moved)
        except (RedwellClientError, httpx.HTTPError, OSError) as failure:
            problem = str(failure) or type(failure).__name__
            self.outcomes[item] = Outcome(str(item.path), None, "failed", size, None, problem)

    def _sent(self, item: Item, size: int, there: dict[str, Any] | None, moved: Moved) -> Outcome:
        sha256 = file_sha256(item.path)
        if there is not None and there["version"]["sha256"] == sha256:
            moved(size)
            return Outcome(str(item.path), there["id"], "skipped", size, sha256)
        self.person.renew()
        client = self.person.client
        if there is None:
            upload = with_patience(lambda: client.create(self.matter, item.path, self.class_id, item.folder))
        else:
            upload = with_patience(lambda: client.create_version(there["id"], item.path))
        document = with_patience(lambda: self._send(upload, item.path, moved))
        state = "sent" if there is None else "version"
        return Outcome(str(item.path), document["id"], state, size, sha256)

    def _send(self, upload: dict[str, Any], path: Path, moved: Moved) -> dict[str, Any]:
        sent = 0

        def counted(count: int) -> None:
            nonlocal sent
            sent += count
            moved(count)

        self.person.renew()
        try:
            return self.person.client.send(upload, path, counted)
        except (RedwellClientError, httpx.HTTPError):
            moved(-sent)
            raise
