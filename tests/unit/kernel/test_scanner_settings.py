from pathlib import Path

import pytest
from pydantic import ValidationError

from services.kernel.scanner_settings import Clamd, ScannerSettings, parse_scanner


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("none", None),
        ("", None),
        ("clamd:///run/clamav/clamd.ctl", Clamd(Path("/run/clamav/clamd.ctl"))),
        ("clamd://127.0.0.1:3310", Clamd(None, "127.0.0.1", 3310)),
        ("clamd://[::1]:3310/", Clamd(None, "::1", 3310)),
    ],
)
def test_forms(told: str, place: Clamd | None) -> None:
    assert parse_scanner(told) == place


@pytest.mark.parametrize(
    "told",
    [
        "clamd",
        "clamd://",
        "clamd:///",
        "clamd://host",
        "clamd://host:99999",
        "clamd://host:1/path",
        "clamd://user@host:1",
        "clamd://host:1?x=y",
        "http://host:1",
    ],
)
def test_other_forms_are_refused(told: str) -> None:
    with pytest.raises(ValueError, match="REDWELL_SCANNER must be"):
        parse_scanner(told)


def test_content_goes_to_another_machine_only_when_that_is_said() -> None:
    with pytest.raises(ValidationError, match="clamd speaks no TLS"):
        ScannerSettings(scanner="clamd://scanner.internal:3310")
    ScannerSettings(scanner="clamd://scanner.internal:3310", scanner_over_network=True)
    ScannerSettings(scanner="clamd://localhost:3310")
