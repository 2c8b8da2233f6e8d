"""A Word document (ECMA-376): the four parts that a word processor needs, stored without compression.

Deflate may give other bytes with another zlib; stored parts are the same everywhere.
"""

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

_HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "application/vnd.openxmlformats"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Default Extension="rels" ContentType="{_OFFICE}-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_OFFICE}-officedocument.wordprocessingml'
    '.document.main+xml"/>'
    f'<Override PartName="/docProps/core.xml" ContentType="{_OFFICE}-package.core-properties+xml"/></Types>'
)
_RELATION = "http://schemas.openxmlformats.org"
_RELATIONS = (
    f'<Relationships xmlns="{_RELATION}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_RELATION}/package/2006/relationships/metadata/core-properties" '
    'Target="docProps/core.xml"/></Relationships>'
)
_WHEN = (2026, 3, 1, 9, 0, 0)
_UNIX, _REGULAR = 3, 0o100644 << 16


def make_docx(title: str, paragraphs: Sequence[str]) -> bytes:
    """A document with a heading and paragraphs."""
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS,
        "word/document.xml": _document(title, paragraphs),
        "docProps/core.xml": _properties(title),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.create_system, entry.external_attr = _UNIX, _REGULAR
            archive.writestr(entry, _HEADER + text)
    return packed.getvalue()


def _document(title: str, paragraphs: Sequence[str]) -> str:
    heading = _paragraph(title, '<w:rPr><w:b/><w:sz w:val="32"/></w:rPr>')
    body = "".join(_paragraph(text) for text in paragraphs)
    page = '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" '
    page += 'w:left="1440" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>'
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return f'<w:document xmlns:w="{space}"><w:body>{heading}{body}{page}</w:body></w:document>'


def _paragraph(text: str, style: str = "") -> str:
    return (
        '<w:p><w:pPr><w:spacing w:after="160"/></w:pPr>'
        f'<w:r>{style}<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )


def _properties(title: str) -> str:
    spaces = (
        'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    return f"<cp:coreProperties {spaces}><dc:title>{escape(title)}</dc:title></cp:coreProperties>"
