"""Settings of the malware scanner: which one, how much it is given, and how long it is waited for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, model_validator

from services.kernel.store_settings import is_loopback

_MIB = 1024 * 1024
_FORMS = "REDWELL_SCANNER must be none, clamd:///PATH/TO/SOCKET or clamd://HOST:PORT"


@dataclass(frozen=True, slots=True)
class Clamd:
    """Where a clamd listens: at a Unix socket, or at a host and port."""

    socket: Path | None
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return f"clamd at {self.socket}" if self.socket else f"clamd at {self.host}:{self.port}"


def parse_scanner(told: str) -> Clamd | None:
    """The scanner that `REDWELL_SCANNER` names; None for `none`.

    Raises:
        ValueError: it is of no form that is known.
    """
    if told in {"", "none"}:
        return None
    try:
        parts = urlsplit(told)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(_FORMS) from None
    if parts.scheme != "clamd" or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(_FORMS)
    if host and port and parts.path in {"", "/"}:
        return Clamd(None, host, port)
    if not parts.netloc and len(parts.path) > 1:
        return Clamd(Path(parts.path))
    raise ValueError(_FORMS)


class ScannerSettings(BaseModel):
    """`REDWELL_SCANNER`, and the `REDWELL_SCAN_*` that say what is asked of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    scanner: str = "none"
    """`none`, `clamd:///PATH/TO/SOCKET` or `clamd://HOST:PORT`."""

    scanner_over_network: bool = False
    """Whether content may go to a clamd on another machine: clamd speaks no TLS."""

    scan_limit_bytes: PositiveInt = 100 * _MIB
    """The largest content that is given to the scanner; clamd's own limits must not be below it."""

    scan_beyond_limit: Literal["quarantine", "accept"] = "quarantine"
    """What becomes of content that is larger than the scanner takes."""

    scan_stall_seconds: PositiveFloat = 30.0
    """For how long the scanner may take nothing of what it is sent."""

    scan_seconds: PositiveFloat = 600.0
    """For one scan, all in all."""

    stalled_seconds: PositiveInt = 3600
    """How long a version may wait for verification or its scan before that is told as stalled."""

    @model_validator(mode="after")
    def _scanner_is_told(self) -> Self:
        scanner = parse_scanner(self.scanner)
        remote = scanner is not None and scanner.socket is None and not is_loopback(scanner.host)
        if remote and not self.scanner_over_network:
            raise ValueError(
                "REDWELL_SCANNER names another machine, and clamd speaks no TLS; set "
                "REDWELL_SCANNER_OVER_NETWORK=true if nobody else can listen on the way"
            )
        return self
