"""The sample matter is what its script makes, and its formats are what their names say."""

import email
import email.policy
import re
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from examples.formats.glyphs import columns_of
from examples.formats.tiff import LENGTH, WIDTH, make_tiff
from examples.make_examples import MATTER, sample_files, write_samples

FILES = sample_files()
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def _of(kind: str) -> dict[str, bytes]:
    return {name: content for name, content in FILES.items() if name.endswith(kind)}


def _tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_committed_matter_is_what_the_script_makes(tmp_path: Path) -> None:
    write_samples(tmp_path)
    assert _tree(tmp_path) == _tree(MATTER)


def test_the_matter_is_small_and_its_names_are_awkward() -> None:
    assert sum(map(len, FILES.values())) < 1024 * 1024
    assert b"" in FILES.values()
    names = "".join(FILES)
    for awkward in (" ", "'", "“", "(", "ί", "к", "検"):
        assert awkward in names
    assert {Path(name).suffix for name in FILES} == {".pdf", ".docx", ".eml", ".tiff", ".txt"}


@pytest.mark.parametrize("name", _of(".pdf"))
def test_every_object_of_a_pdf_is_where_its_table_says(name: str) -> None:
    content = FILES[name]
    start = int(content.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert content[start:].startswith(b"xref\n0 ")
    offsets = re.findall(rb"^(\d{10}) 00000 n $", content[start:], re.MULTILINE)
    assert offsets
    for number, offset in enumerate(offsets, 1):
        assert content[int(offset) :].startswith(b"%d 0 obj\n" % number)
    assert content.endswith(b"%%EOF\n")


@pytest.mark.parametrize("name", _of(".docx"))
def test_a_word_document_is_a_sound_package_of_xml(name: str) -> None:
    with zipfile.ZipFile(BytesIO(FILES[name])) as package:
        assert package.testzip() is None
        parts = {part: ET.fromstring(package.read(part)) for part in package.namelist()}  # noqa: S314 -- ours
    named = {f"/{part}" for part in parts} - {"/[Content_Types].xml", "/_rels/.rels"}
    declared = {element.get("PartName") for element in parts["[Content_Types].xml"]} - {None}
    assert declared == named
    text = "".join(element.text or "" for element in parts["word/document.xml"].iter(f"{WORD}t"))
    assert len(text) > 100


def test_the_mail_has_readable_headers_and_an_attachment() -> None:
    (content,) = _of(".eml").values()
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert not message.defects
    assert str(message["to"]) == "Reclamações <claims@costaverde.example>"
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "crates.csv"
    assert attachment.get_content().count("cement failed") == 31


def test_the_scan_unpacks_to_a_whole_page() -> None:
    (content,) = _of(".tiff").values()
    fields = _directory(content)
    unpacked = b"".join(
        _unpacked(content[offset : offset + count])
        for offset, count in zip(fields[273], fields[279], strict=True)
    )
    assert (fields[256], fields[257], fields[259]) == ([WIDTH], [LENGTH], [32773])
    assert len(unpacked) == WIDTH // 8 * LENGTH
    black = sum(byte.bit_count() for byte in unpacked)
    assert 10_000 < black < WIDTH * LENGTH // 10


def test_the_printer_refuses_letters_it_has_not() -> None:
    assert columns_of(" ") == bytes(5)
    for letter in ("é", "a", "\t"):
        with pytest.raises(ValueError, match="no letter"):
            make_tiff([letter])


def _directory(content: bytes) -> dict[int, list[int]]:
    """The whole-number fields of a little-endian TIFF's only directory."""

    def number(at: int, size: int) -> int:
        return int.from_bytes(content[at : at + size], "little")

    start = number(4, 4)
    fields = {}
    for at in range(start + 2, start + 2 + 12 * number(start, 2), 12):
        tag, kind, count = number(at, 2), number(at + 2, 2), number(at + 4, 4)
        size = {3: 2, 4: 4}.get(kind, 0)
        place = at + 8 if size * count <= 4 else number(at + 8, 4)
        fields[tag] = [number(place + size * which, size) for which in range(count)] if size else []
    assert number(start + 2 + 12 * number(start, 2), 4) == 0
    return fields


def _unpacked(packed: bytes) -> bytes:
    """PackBits, as TIFF 6.0 section 9 says how to unpack it."""
    unpacked, at = bytearray(), 0
    while at < len(packed):
        control = packed[at]
        if control < 128:
            unpacked += packed[at + 1 : at + 2 + control]
            at += 2 + control
        else:
            unpacked += packed[at + 1 : at + 2] * (257 - control)
            at += 2
    return bytes(unpacked)
