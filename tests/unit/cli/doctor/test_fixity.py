"""What `doctor` says of the last time the whole store was read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.cli.doctor.finding import Verdict
from services.cli.doctor.fixity import FixityFacts, belongs, verified

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_a_store_that_was_never_read_again_is_told_how() -> None:
    found = verified(FixityFacts(None, None, None, None, 0), NOW)
    assert (found.verdict, "No verification" in found.text) == (Verdict.NOTE, True)
    assert found.next is not None
    assert "./redwell verify" in found.next


def test_what_the_last_one_found_is_told_with_its_age() -> None:
    found = verified(FixityFacts(NOW - timedelta(days=2), 7, 0, NOW - timedelta(hours=3), 0), NOW)
    assert found.verdict is Verdict.FINE
    for told in ("2 days ago", "7 versions, 0 damaged", "3 hours ago has not ended"):
        assert told in found.text


def test_damage_is_to_be_mended_even_if_a_partial_run_found_it() -> None:
    found = verified(FixityFacts(NOW - timedelta(days=2), 7, 0, None, 3), NOW)
    assert (found.verdict, "3 versions were damaged" in found.text) == (Verdict.MEND, True)


def test_a_suspended_sweep_is_told_with_its_way_out() -> None:
    never = FixityFacts(None, None, None, None, 0)
    assert belongs(never, NOW).verdict is Verdict.FINE
    found = belongs(replace(never, suspended_at=NOW - timedelta(hours=3)), NOW)
    assert (found.verdict, "For 3 hours" in found.text) == (Verdict.MEND, True)
    assert "./redwell restored" in (found.next or "")
