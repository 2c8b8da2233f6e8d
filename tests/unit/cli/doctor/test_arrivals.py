from datetime import UTC, datetime, timedelta

from services.cli.doctor.arrivals import Arrivals, scanner, waiting
from services.cli.doctor.finding import Verdict

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_what_waits() -> None:
    assert waiting(Arrivals(0, None, None), {}, NOW).verdict is Verdict.FINE
    some = Arrivals(2, NOW - timedelta(minutes=3), "scanner-unavailable")
    assert waiting(some, {}, NOW).verdict is Verdict.NOTE
    late = waiting(some, {"REDWELL_STALLED_SECONDS": "60"}, NOW)
    assert (late.verdict, "scanner-unavailable" in late.text) == (Verdict.MEND, True)


def test_settings_of_the_scanner() -> None:
    (none,) = scanner({})
    (wrong,) = scanner({"REDWELL_SCANNER": "clamav"})
    assert (none.verdict, wrong.verdict) == (Verdict.NOTE, Verdict.MEND)
