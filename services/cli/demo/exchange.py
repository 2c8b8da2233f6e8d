"""Files go in, lie sealed, and come out as they were."""

import filecmp
import unicodedata
from pathlib import PurePosixPath

from clients.python.redwell_client import RedwellClientError
from services.cli.demo import disk
from services.cli.demo.files import PRIVILEGED, class_of
from services.cli.demo.show import ROWS, readable_size
from services.cli.demo.story import Stored, Story


def upload(story: Story) -> None:
    """The attorney puts every file into the matter."""
    attorney, show = story.cast.attorney, story.show
    show.chapter(
        "Files go in",
        "Each file is streamed over HTTPS, cut into segments of at most 8 MiB and sealed with AES-256 before "
        "it touches a disk. The server checks that what arrived is what was sent.",
    )
    with show.waiting("uploading"):
        for file in story.files:
            attorney.stay_signed_in()
            document = attorney.client.put(story.matter, file.path, file.class_id, file.folder)
            story.stored.append(Stored(file, document["id"]))
    story.result.uploaded = len(story.stored)
    rows = [
        (stored.file.shown, stored.file.class_id, readable_size(stored.file.length_bytes))
        for stored in story.stored
    ]
    show.table(("file", "class", "size#"), rows[:ROWS], len(rows) - ROWS)
    size = readable_size(sum(file.length_bytes for file in story.files))
    _say_who_plays_privileged(story)
    show.done(attorney.name, f"put {len(rows)} files into the matter, {size} in all.")


def _say_who_plays_privileged(story: Story) -> None:
    for stored in story.withheld():
        if class_of(PurePosixPath(stored.file.shown)) != PRIVILEGED:
            story.show.say(
                f"No folder here is called “{PRIVILEGED}”, so “{stored.file.name}” plays that part."
            )


def look_at_disk(story: Story) -> None:
    """What somebody sees who steals the disk."""
    show, folder = story.show, story.instance.objects
    show.chapter("What lies on the disk", "This is what somebody gets who walks away with the server's disk.")
    objects = disk.sealed_objects(folder)
    story.result.sealed = len(objects)
    expected = sum(disk.segments_of(file.length_bytes) for file in story.files)
    story.findings.expect(
        len(objects) == expected, f"{len(objects)} sealed objects are on disk, not {expected}"
    )
    piece = disk.show_piece(story.files, objects)
    if piece is not None:
        file, path, plain = piece
        show.bytes_of(f"{file.name}, as it was sent", plain)
        show.bytes_of(f"{path.relative_to(folder)}, as it lies on the disk", disk.head(path))
    search = disk.search(objects, story.files)
    found = f"found in {len(search.found_in)} of {search.objects} sealed objects"
    show.say(f"Searched for {search.needles} file names, folder names and pieces of content: {found}.")
    story.findings.expect(not search.found_in, f"Readable names or content were {found}")


def fetch(story: Story) -> None:
    """The paralegal lists and fetches; every byte is compared with the file that was sent."""
    paralegal, show = story.cast.granted, story.show
    show.chapter("Files come out", "What arrives is compared with the original, byte for byte.")
    listed = {row["id"]: row for row in paralegal.client.documents(story.matter)}
    expected = {stored.document_id for stored in story.granted()}
    story.findings.expect(listed.keys() == expected, "The list is not exactly what the grant allows")
    show.done(paralegal.name, f"sees {len(listed)} of the matter's {len(story.stored)} documents.")
    rows = []
    with show.waiting("fetching"):
        for stored in story.granted():
            paralegal.stay_signed_in()
            verdict = _fetch_one(story, stored, listed.get(stored.document_id, {}))
            rows.append((stored.file.shown, readable_size(stored.file.length_bytes), verdict))
    show.table(("file", "size#", "arrived"), rows[:ROWS], len(rows) - ROWS)
    equal, all_of_them = story.result.fetched, len(expected)
    story.findings.expect(
        equal == all_of_them, f"{equal} of {all_of_them} granted files arrived as they were sent"
    )
    show.done(
        paralegal.name, f"fetched {equal} files, {readable_size(story.result.bytes)} in all, each equal."
    )


def _fetch_one(story: Story, stored: Stored, row: dict[str, object]) -> str:
    """Fetch and compare one document, whose list entry is `row`; returns a word for the table."""
    file, target = stored.file, story.instance.work / "fetched"
    shown = unicodedata.normalize("NFC", file.name), unicodedata.normalize("NFC", file.folder)
    named = (row.get("name"), row.get("folder")) == shown
    story.findings.expect(named, f"{file.shown} is listed under another name")
    try:
        story.cast.granted.client.fetch(stored.document_id, target)
        equal = filecmp.cmp(file.path, target, shallow=False)
    except RedwellClientError as error:
        return f"failed: {error}"
    finally:
        target.unlink(missing_ok=True)
    if not equal:
        return "failed: not equal"
    story.result.fetched += 1
    story.result.bytes += file.length_bytes
    return "equal"
