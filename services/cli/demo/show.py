"""What the person at the terminal sees: short sentences, a few tables, and nothing that needs explaining."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

ROWS = 14
HEXDUMP_ROWS = 6
HEXDUMP_WIDTH = 16
STYLES = {"allowed": "green", "denied": "red", "failed": "red", "equal": "green"}


class Show:
    """The narrator. Everything goes to one console, and no text is taken for markup."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._chapter = 0

    def title(self, text: str, below: str) -> None:
        self._console.print(Panel(Text(below), title=Text(text, style="bold"), box=box.ROUNDED))

    def chapter(self, title: str, why: str = "") -> None:
        self._chapter += 1
        self._console.print()
        self._console.rule(Text(f"{self._chapter}. {title}", style="bold cyan"), align="left")
        if why:
            self._console.print(Text(why, style="dim"))

    def done(self, who: str, what: str) -> None:
        self._console.print(Text.assemble(("✔ ", "green"), (who, "bold"), f" {what}"))

    def refused(self, who: str, what: str, answer: str) -> None:
        self._console.print(
            Text.assemble(("✘ ", "red"), (who, "bold"), f" {what}: ", (f"refused, {answer}", "red"))
        )

    def wrong(self, sentence: str) -> None:
        self._console.print(Text.assemble(("NOT AS EXPECTED: ", "bold red"), sentence))

    def say(self, sentence: str) -> None:
        self._console.print(Text(sentence))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], more: int = 0) -> None:
        """Rows of plain text; columns whose name ends in `#` are numbers."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
        for column in columns:
            table.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left")
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        self._print(table)
        if more > 0:
            self._console.print(Text(f"  … and {more} more", style="dim"))

    def by_hand(self, sentence: str, lines: Sequence[str]) -> None:
        """Commands to copy; printed as they are, however long, so that they can be."""
        self._console.print(Text(sentence, style="dim"))
        for line in lines:
            self._console.print(Text(f"  {line}", style="yellow"), soft_wrap=True)

    def bytes_of(self, title: str, content: bytes) -> None:
        self._print(Panel(hexdump(content), title=escape(title), title_align="left", box=box.ROUNDED))

    def output(self, text: str) -> None:
        """What another program printed, its lines as they are."""
        for line in text.strip().splitlines():
            self._console.print(Text.assemble(("  │ ", "dim"), line), soft_wrap=True)

    @contextmanager
    def waiting(self, sentence: str) -> Iterator[None]:
        with self._console.status(escape(sentence)):
            yield

    def _print(self, what: RenderableType) -> None:
        self._console.print(Padding(Group(what), (0, 0, 0, 2)))


def hexdump(content: bytes) -> Text:
    """The first bytes, as `xxd` shows them."""
    lines = []
    for at in range(0, min(len(content), HEXDUMP_ROWS * HEXDUMP_WIDTH), HEXDUMP_WIDTH):
        row = content[at : at + HEXDUMP_WIDTH]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004 -- ASCII
        lines.append(f"{at:04x}  {row.hex(' ', 2):<39}  {letters}")
    return Text("\n".join(lines))


def readable_size(count: int) -> str:
    """Bytes, as people say them."""
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:  # noqa: PLR2004 -- binary units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def console(*, to_stderr: bool) -> Console:
    return Console(stderr=to_stderr, highlight=False)


def relative(path: Path) -> str:
    """A path as it is shortest to type."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _cell(value: str) -> Text:
    first_word = re.split("[:,]", value, maxsplit=1)[0]
    return Text(value, style=STYLES.get(first_word, ""))
