"""Write `keys.json`, the vectors that hold no random bytes: `python -m tests.vectors.generate_keys`."""

import json
from pathlib import Path
from uuid import UUID

from services.docs_api.sealing.context import SegmentContext
from services.docs_api.sealing.segments import SEGMENT_BYTES, sealed_length
from services.keys.fields import FieldName, blind_index
from services.keys.wrapping import KeyName, SecretKey, derive

PATH = Path(__file__).with_name("keys.json")
KEY = SecretKey(bytes(range(32)))
FIRM, MATTER, DOCUMENT, VERSION, ROW = (UUID(int=number) for number in range(1, 6))


def vectors() -> dict[str, object]:
    return {
        "key": KEY.material.hex(),
        "derive": {label: derive(KEY, label).material.hex() for label in ("", "redwell/wrap/v1", "größe")},
        "key_name": {
            "root": KeyName("root", None, MATTER).to_bytes().hex(),
            "matter": KeyName("matter", FIRM, MATTER).to_bytes().hex(),
        },
        "field_name": FieldName("documents", "name", FIRM, ROW).to_bytes().hex(),
        "blind_index": {
            value: blind_index(KEY, "document.name", value).hex()
            for value in ("", "Brief.pdf", "brief.pdf", "Gr\u00f6\u00dfe.pdf", "Gro\u0308\u00dfe.pdf")
        },
        "segment_context": SegmentContext(FIRM, MATTER, DOCUMENT, VERSION, 3, 3 * SEGMENT_BYTES)
        .to_bytes()
        .hex(),
        "sealed_length": {str(n): sealed_length(n) for n in (0, 1, 16383, 16384, 16385, SEGMENT_BYTES)},
    }


def render() -> str:
    return json.dumps(vectors(), indent=2, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(render())
