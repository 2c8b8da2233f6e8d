"""Makes `examples/matter`: `python -m examples.make_examples [FOLDER]`. The same bytes every time.

Eleven real files of a commercial dispute that never was, in folders that say how far each may travel. Their
names have spaces, quotes and letters of four alphabets; one file is empty, as files sometimes are. What the
files say is in `examples/texts`.
"""

import sys
from pathlib import Path

from examples.formats.docx import make_docx
from examples.formats.eml import Attachment, make_eml
from examples.formats.pdf import make_pdf
from examples.formats.tiff import make_tiff

MATTER = Path(__file__).parent / "matter"
TEXTS = Path(__file__).parent / "texts"
CRATES, CRATES_DAMAGED = 48, 31
HOTTEST_CELSIUS, HOTTEST_AT_HOUR, COOLING_HOURS = 52.1, 216, 72


def sample_files() -> dict[str, bytes]:
    """The content of every file, by its path inside the matter."""
    return {
        "01 Pleadings/Statement of Claim.pdf": make_pdf(*_paragraphs("claim")),
        "01 Pleadings/Claimant's reply on “late notice”.docx": make_docx(*_paragraphs("reply")),
        "02 Correspondence/2026-02-11 Notice of damage.eml": _notice(),
        "02 Correspondence/Лист перевізника 14.02.2026.txt": _text("carrier").encode(),
        "03 Evidence/Bill of lading CV-20417 (scan).tiff": make_tiff(_text("bill_of_lading").splitlines()),
        "03 Evidence/Δελτίο αποστολής 114.txt": _text("delivery").encode(),
        "03 Evidence/検査報告書 第7号.docx": make_docx(*_paragraphs("inspection")),
        "03 Evidence/Temperature/logger 1.txt": _readings().encode(),
        "03 Evidence/Temperature/logger 3 (nothing recorded).txt": b"",
        "04 Privileged/Advice on limitation - do not send.pdf": make_pdf(*_paragraphs("advice")),
        "04 Privileged/Client's floor, 4 March.txt": _text("strategy").encode(),
    }


def write_samples(folder: Path) -> None:
    """Write every file below `folder`; files that are there already are replaced."""
    for name, content in sample_files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _text(name: str) -> str:
    return (TEXTS / f"{name}.txt").read_text("utf-8")


def _paragraphs(name: str) -> tuple[str, list[str]]:
    """The first paragraph is the title."""
    title, *paragraphs = (" ".join(part.split("\n")).strip() for part in _text(name).split("\n\n"))
    return title, paragraphs


def _notice() -> bytes:
    head, _, text = _text("notice").partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    return make_eml(headers, text, Attachment("crates.csv", "text/csv", _crates().encode()))


def _crates() -> str:
    states = ["52.1,cement failed"] * CRATES_DAMAGED + ["24.0,sound"] * (CRATES - CRATES_DAMAGED)
    rows = (f"{number:02d},LK-{7100 + number},{state}\r\n" for number, state in enumerate(states, 1))
    return "crate,seal,highest_celsius,state\r\n" + "".join(rows)


def _readings() -> str:
    """Warm days without power, and a little up and down on all others."""
    rows = ["hours_since_sealing,celsius"]
    for hour in range(0, 768, 6):
        away = abs(hour - HOTTEST_AT_HOUR)
        celsius = HOTTEST_CELSIUS - away / 6 if away <= COOLING_HOURS else 19.5 + hour % 24 / 12
        rows.append(f"{hour},{celsius:.1f}")
    return "\r\n".join(rows) + "\r\n"


if __name__ == "__main__":
    write_samples(Path(sys.argv[1]) if len(sys.argv) > 1 else MATTER)
