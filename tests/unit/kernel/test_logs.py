"""The stream of the log on a disk that is really full, and on a pipe."""

import os
from pathlib import Path

from services.kernel.logs import LogStream


def test_a_line_that_cannot_be_written_is_lost_and_stops_nothing() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        stream = LogStream(descriptor)
        stream.write("lost\n")
        stream.flush()
    finally:
        os.close(descriptor)


def test_lines_go_on_below_the_one_that_was_cut(tmp_path: Path) -> None:
    file, full = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT), os.open("/dev/full", os.O_WRONLY)
    kept = os.dup(file)
    try:
        stream = LogStream(file)
        stream.write("first\n")
        os.dup2(full, file)
        stream.write("lost\n")
        os.dup2(kept, file)
        stream.write("second\n")
        stream.write("third\n")
    finally:
        for descriptor in (file, full, kept):
            os.close(descriptor)
    assert (tmp_path / "log").read_text() == "first\n\nsecond\nthird\n"
