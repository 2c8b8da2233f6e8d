"""What readiness says of the sequencer, and how logs are named."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.audit.ledger.sequencer import Progress
from services.audit.ledger.steps import open_ledger
from services.audit.offline.errors import FormatError
from services.kernel.settings import Settings
from services.keys.log_key import LogKey


@pytest.mark.parametrize(
    ("now_seconds", "wait_seconds", "complaint"),
    [
        (110, 0, None),
        (110.5, 0, "the access log has not been sequenced for 10 seconds"),
        (4000, 0, "the access log has not been sequenced for 3900 seconds"),
        (101, 10, None),
        (101, 11, "the access log is 11 seconds behind"),
        (101, -5, None),
    ],
)
def test_silence_and_backlog_are_told(now_seconds: float, wait_seconds: float, complaint: str | None) -> None:
    assert Progress(100, timedelta(seconds=wait_seconds)).complaint(now_seconds) == complaint


def settings(**changes: str) -> Settings:
    return Settings(
        keys=Path("keys"),
        objects=Path("objects"),
        database_host="localhost",
        database_passwords=SecretStr("{}"),
        **changes,  # type: ignore[arg-type]  # only texts are given
    )


def test_a_log_is_named_after_host_deployment_and_its_own_id() -> None:
    ledger = open_ledger(settings(public_url="https://files.firm.example:8443"), LogKey.generate())
    assert ledger.origin(UUID(int=7)) == f"files.firm.example:8443/main/log/{UUID(int=7)}"


def test_a_deployment_name_that_names_no_log_stops_the_start() -> None:
    with pytest.raises(FormatError):
        open_ledger(settings(deployment="my house"), LogKey.generate())
