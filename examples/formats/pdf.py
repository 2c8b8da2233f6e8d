"""A PDF of text pages (ISO 32000-1), uncompressed, in the fonts that every viewer has."""

import textwrap
from collections.abc import Iterator, Sequence

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 595, 842, 72  # A4, in points of 1/72 inch
LEADING = 16
LINES_A_PAGE = (PAGE_HEIGHT - 2 * MARGIN) // LEADING
CHARACTERS_A_LINE = 84


def make_pdf(title: str, paragraphs: Sequence[str]) -> bytes:
    """A document with a heading and paragraphs; the text must fit code page 1252."""
    lines = [title, "", *_wrapped(paragraphs)]
    pages = [lines[start : start + LINES_A_PAGE] for start in range(0, len(lines), LINES_A_PAGE)]
    contents = [_page_content(page, heading=number == 0) for number, page in enumerate(pages)]
    return _file(_objects(title, contents))


def _wrapped(paragraphs: Sequence[str]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield from textwrap.wrap(paragraph, CHARACTERS_A_LINE)
        yield ""


def _page_content(lines: Sequence[str], *, heading: bool) -> bytes:
    parts = [b"BT", f"{LEADING} TL {MARGIN} {PAGE_HEIGHT - MARGIN} Td".encode()]
    for number, line in enumerate(lines):
        parts.append(b"/F2 14 Tf" if heading and number == 0 else b"/F1 11 Tf")
        parts.append(_string(line) + b" Tj T*")
    return b"\n".join([*parts, b"ET"])


def _objects(title: str, contents: Sequence[bytes]) -> list[bytes]:
    """The bodies of objects 1, 2, …: catalog, page tree, two fonts, information, then page and content."""
    first = 6
    pages = [first + 2 * number for number in range(len(contents))]
    kids = " ".join(f"{page} 0 R" for page in pages).encode()
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        font % b"Times-Roman",
        font % b"Times-Bold",
        b"<< /Title %s /Producer (Redwell examples) /CreationDate (D:20260301090000Z) >>" % _string(title),
    ]
    for page, content in zip(pages, contents, strict=True):
        box = f"/MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}]".encode()
        fonts = b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
        objects.append(
            b"<< /Type /Page /Parent 2 0 R %s %s /Contents %d 0 R >>" % (box, fonts, page + 1),
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return objects


def _file(objects: Sequence[bytes]) -> bytes:
    # The second line tells file transfer programs that the file is binary.
    content = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\n" % (len(objects) + 1)
    return bytes(content) + b"startxref\n%d\n%%%%EOF\n" % start


def _string(text: str) -> bytes:
    encoded = text.encode("cp1252")
    for special in (b"\\", b"(", b")"):
        encoded = encoded.replace(special, b"\\" + special)
    return b"(" + encoded + b")"
