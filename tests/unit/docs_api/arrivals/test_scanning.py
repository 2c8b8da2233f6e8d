import pytest

from services.docs_api.arrivals.scanning import ACCEPTED, judged
from services.docs_api.scanning.clamd import Finding, Result


@pytest.mark.parametrize(
    ("result", "beyond_limit", "told", "accepted"),
    [
        ("clean", "quarantine", "clean", True),
        ("clean", "accept", "clean", True),
        ("infected", "quarantine", "infected", False),
        ("infected", "accept", "infected", False),
        ("too-large", "quarantine", "too-large", False),
        ("too-large", "accept", "too-large-accepted", True),
    ],
)
def test_what_becomes_of_a_finding(result: Result, beyond_limit: str, told: str, accepted: bool) -> None:  # noqa: FBT001 -- a column of the table
    scanned = judged(Finding(result), beyond_limit=beyond_limit)
    assert (scanned.result, scanned.result in ACCEPTED) == (told, accepted)
