"""Sends one file: a small one in one request, a large one in pieces, from where another command stopped."""

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import httpx

from clients.python.redwell_client import (
    AT_ONCE_BYTES,
    Begun,
    LocalFile,
    ProblemError,
    RedwellClientError,
    RefusedContentError,
    UploadGoneError,
    Watch,
    is_in,
)
from services.cli.files.begun import Purpose, Unfinished
from services.cli.files.session import SignedIn


@dataclass(frozen=True, slots=True)
class Job:
    """A file, and what it becomes: a document in a folder, or the next version of one."""

    file: LocalFile
    folder: str
    document_id: str | None


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends into one matter, as one person."""

    person: SignedIn
    matter: str
    class_id: str
    unfinished: Unfinished

    def send(self, job: Job, watch: Watch) -> dict[str, Any]:
        """The document, once the file is available in it.

        Raises:
            RedwellClientError, httpx.TransportError: refused, or out of patience; `send` again goes on.
        """
        watch.patience.keep_trying(self.person.renew)
        return self._in_pieces(job, watch) if _goes_in_pieces(job) else self._at_once(job, watch)

    def forget(self, job: Job, watch: Watch) -> None:
        """There is no need any more for what may have been begun for this file."""
        for begun in (job, replace(job, document_id=None)):
            if _goes_in_pieces(begun):
                with contextlib.suppress(OSError):
                    self.unfinished.drop(self._purpose(begun, watch))

    def _at_once(self, job: Job, watch: Watch) -> dict[str, Any]:
        client, file = self.person.client, job.file
        if job.document_id is None:
            upload = watch.patience.keep_trying(
                lambda: client.create(self.matter, file, self.class_id, job.folder)
            )
        else:
            document_id = job.document_id
            upload = watch.patience.keep_trying(lambda: client.create_version(document_id, file))
        try:
            document = watch.patience.keep_trying(lambda: self._request(upload, file, watch))
        except ProblemError as refused:
            if refused.slug != "upload-closed":
                raise
            document = None  # the answer to an earlier request was lost
        if document is not None and is_in(document, file):
            return document
        return client.settled(upload["id"], file, watch)

    def _request(self, upload: dict[str, Any], file: LocalFile, watch: Watch) -> dict[str, Any]:
        sent = 0

        def counted(count: int) -> None:
            nonlocal sent
            sent += count
            watch.moved(count)

        watch.patience.keep_trying(self.person.renew)
        file.require_unchanged()
        try:
            return self.person.client.send(upload, file.path, counted)
        except (RedwellClientError, httpx.HTTPError):
            watch.moved(-sent)
            raise

    def _in_pieces(self, job: Job, watch: Watch) -> dict[str, Any]:
        purpose = self._purpose(job, watch)
        begun = self._taken_up(purpose, job.file)
        if begun is not None:
            try:
                return self._send_on(begun, purpose, job, watch)
            except UploadGoneError:
                self.unfinished.drop(purpose)
        begun = watch.patience.keep_trying(lambda: self._begin(job))
        with contextlib.suppress(OSError):  # without room for it here, only another command cannot go on
            self.unfinished.keep(purpose, begun, job.file)
        return self._send_on(begun, purpose, job, watch)

    def _begin(self, job: Job) -> Begun:
        client = self.person.client
        if job.document_id is not None:
            return client.begin_version(job.document_id, job.file)
        return client.begin(self.matter, job.file, self.class_id, job.folder)

    def _send_on(self, begun: Begun, purpose: Purpose, job: Job, watch: Watch) -> dict[str, Any]:
        def moved(count: int) -> None:
            self.person.keep_alive()
            watch.moved(count)

        try:
            document = self.person.client.send_on(begun, job.file, replace(watch, moved=moved))
        except RefusedContentError:
            self.unfinished.drop(purpose)
            raise
        with contextlib.suppress(OSError):
            self.unfinished.drop(purpose)
        return document

    def _taken_up(self, purpose: Purpose, file: LocalFile) -> Begun | None:
        """What another command began for this very content; what was begun for another is given up."""
        entry = self.unfinished.find(purpose)
        if entry is None:
            return None
        if entry.is_for(file):
            return entry.begun
        with contextlib.suppress(RedwellClientError, httpx.HTTPError):
            self.person.client.give_up(entry.begun)
        self.unfinished.drop(purpose)
        return None

    def _purpose(self, job: Job, watch: Watch) -> Purpose:
        member = watch.patience.keep_trying(lambda: self.person.member_id)
        path = str(job.file.path.absolute())
        url, document_id = self.person.client.url, job.document_id
        return Purpose(url, member, self.matter, self.class_id, job.folder, path, document_id)


def _goes_in_pieces(job: Job) -> bool:
    return job.file.length_bytes > AT_ONCE_BYTES
