"""What a demo came to: the numbers, and every sentence on what was not as it should be."""

import json
from dataclasses import asdict, dataclass, field


@dataclass
class Result:
    """The object that `--json` prints.

    Attributes:
        uploaded: files put into the matter.
        fetched: files that arrived byte for byte as they were sent.
        bytes: their size together.
        denied: refusals in the firm's log.
        events: events in the firm's log, when the story ended.
        sealed: sealed objects on disk.
        verified: `redwell audit verify` accepted the saved bundle.
        tamper_detected: it refused the bundle after one letter of it was changed.
        seconds: from the start to the end, with everything cleaned up.
    """

    uploaded: int = 0
    fetched: int = 0
    bytes: int = 0
    denied: int = 0
    events: int = 0
    sealed: int = 0
    verified: bool = False
    tamper_detected: bool = False
    seconds: float = 0.0


@dataclass
class Findings:
    """The result in the making."""

    result: Result = field(default_factory=Result)
    wrong: list[str] = field(default_factory=list)

    def expect(self, holds: bool, sentence: str) -> bool:  # noqa: FBT001 -- like assert
        """Note `sentence` where something does not hold; returns whether it does."""
        if not holds:
            self.wrong.append(sentence)
        return holds

    def to_json(self) -> str:
        return json.dumps(asdict(self.result))
