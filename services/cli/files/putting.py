"""`redwell put`: files and folders into a matter, as they lie here.

What the matter has already, under the same name with the same bytes, is skipped, and a large file goes on
where it stopped, so that after any interruption the same command goes on. Other bytes under the same name
become the next version.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.python.redwell_client import LocalFile, RedwellClientError, Watch
from services.cli.files.begun import Unfinished
from services.cli.files.outcome import Done, Outcome, left, problem_of
from services.cli.files.places import PlaceError, find_matter
from services.cli.files.sender import Job, Sender
from services.cli.files.session import signed_in, uploads_file
from services.cli.files.work import Manner, Task, run_all

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


def put(paths: Sequence[Path], wanted: Wanted, manner: Manner) -> Done:
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
        sender = Sender(person, matter, wanted.class_id, Unfinished(uploads_file()))
        putting, done = _Putting(sender, known, {}), Done()
        with done.stopping():
            run_all((putting.task(item) for item in items), manner, person.renew_since)
        done.outcomes = [putting.outcomes.get(item) or left(item.path, _size(item)) for item in items]
        return done


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


def _size(item: Item) -> int:
    try:
        return item.path.stat().st_size
    except OSError:  # it went meanwhile, which is told when it is to be read
        return 0


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
    sender: Sender
    known: Known
    outcomes: dict[Item, Outcome]

    def task(self, item: Item) -> Task:
        return Task(str(item.path), _size(item), lambda watch: self._one(item, watch))

    def _one(self, item: Item, watch: Watch) -> None:
        try:
            self.outcomes[item] = self._put(item, watch)
        except (RedwellClientError, OSError) as failure:
            problem = problem_of(failure)
            self.outcomes[item] = Outcome(str(item.path), None, "failed", _size(item), None, problem)

    def _put(self, item: Item, watch: Watch) -> Outcome:
        watch.doing("reading")
        file = LocalFile.read(item.path, lambda _count: watch.moved(0))
        there = self.known.get((nfc(item.folder), nfc(item.path.name)))
        job = Job(file, item.folder, there["id"] if there else None)
        if there is not None and there["version"]["sha256"] == file.sha256:
            self.sender.forget(job, watch)
            watch.found(file.length_bytes)
            return Outcome(str(item.path), there["id"], "skipped", file.length_bytes, file.sha256)
        watch.doing("sending")
        document = self.sender.send(job, watch)
        state = "sent" if there is None else "version"
        return Outcome(str(item.path), document["id"], state, file.length_bytes, file.sha256)
