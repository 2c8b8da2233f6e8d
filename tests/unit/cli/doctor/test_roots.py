"""What doctor says of the roots of firms."""

from datetime import UTC, datetime
from uuid import UUID

from services.cli.doctor.finding import Verdict
from services.cli.doctor.roots import found_of
from services.docs_api.roots.choosing import FirmState

FIRM, OTHER = UUID("0192f0c1-0000-7000-8000-000000000001"), UUID("0192f0c1-0000-7000-8000-000000000002")
KEY = "kms:arn:aws:kms:eu-central-1:123456789012:key/1"


def test_files_are_counted_and_nothing_is_wrong() -> None:
    (only,) = found_of([FirmState(FIRM, "0192f0c1", None, None), FirmState(OTHER, None, KEY, None)], {})
    assert (only.verdict, "1 firms" in only.text) == (Verdict.FINE, True)


def test_a_root_that_cannot_be_used_is_to_be_mended_with_its_reason() -> None:
    firms = [FirmState(FIRM, KEY, KEY, None), FirmState(OTHER, "0192f0c1", None, None)]
    _, used = found_of(firms, {KEY: None})
    assert used.verdict is Verdict.FINE
    _, shut = found_of(firms, {KEY: "It is disabled."})
    assert shut.verdict is Verdict.MEND
    assert "It is disabled." in shut.text
    assert "1 firms" in shut.text


def test_a_firm_that_was_stopped_is_named() -> None:
    stopped = FirmState(FIRM, "0192f0c1", None, datetime(2026, 5, 1, tzinfo=UTC))
    _, told = found_of([stopped], {})
    assert told.verdict is Verdict.NOTE
    assert str(FIRM) in told.text
