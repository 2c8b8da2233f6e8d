"""Structured logs: one JSON object a line on standard error, with request ids; never content or secrets."""

import logging
import os
from typing import Final

import structlog

_STANDARD_ERROR: Final = 2


class LogStream:
    """Standard error, which must never stop the product: a line that cannot be written is lost.

    Nothing is kept for later. The disk of a log file that was full takes lines again once it has room, the
    first of them after a line break, because the last one before may have been cut.
    """

    def __init__(self, descriptor: int = _STANDARD_ERROR) -> None:
        self._descriptor = descriptor
        self._cut = False

    def write(self, text: str) -> int:
        rest = memoryview(f"\n{text}".encode() if self._cut else text.encode())
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._cut = True
        else:
            self._cut = False
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


def configure(level: str) -> None:
    """Set up structlog, and send what libraries log through the same shape."""
    stream = LogStream()
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(stream),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer()
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(threshold, logging.WARNING))
    # It names whole addresses in warnings, and the store's are signed: whoever reads one may read the object.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)


def logger(room: str) -> structlog.typing.FilteringBoundLogger:
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=room)
    return bound
