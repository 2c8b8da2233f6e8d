"""What must not work: who tries what, and the answer that is the only right one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from clients.python.redwell_client import ProblemError
from services.cli.demo.result import Findings
from services.cli.demo.show import Show

NOTHING_HERE, NOT_YOUR_ROLE = (404, "not-found"), (403, "forbidden")
NO_TOKEN, NOT_A_TOKEN = (401, "token-missing"), (401, "unauthorized")
_IN_WORDS = {
    404: "404: there is nothing here for you",
    403: "403: not with your role",
    401: "401: who are you?",
}


@dataclass(frozen=True)
class Attempt:
    """Somebody tries something that must be refused.

    Attributes:
        answer: the status and slug that are right.
        in_log: whether the refusal belongs into the firm's log. What strangers and the platform's operator
            try does not: it goes to the platform's.
    """

    who: str
    what: str
    answer: tuple[int, str]
    call: Callable[[], object] = field(repr=False)
    in_log: bool = True


@dataclass
class Refusals:
    """The attempts so far. `logged` are the ids of the events that the firm's log must hold."""

    show: Show
    findings: Findings
    logged: list[str] = field(default_factory=list)

    def all(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self.one(attempt)

    def one(self, attempt: Attempt) -> None:
        """Make the attempt; note where it succeeds, or fails in another way than it must."""
        try:
            attempt.call()
        except ProblemError as refused:
            self._refused(attempt, refused)
            return
        self.findings.expect(False, f"{attempt.who} {attempt.what}, and it worked")

    def _refused(self, attempt: Attempt, refused: ProblemError) -> None:
        answer = (refused.status, refused.slug)
        self.show.refused(attempt.who, attempt.what, _IN_WORDS.get(refused.status, str(refused)))
        self.findings.expect(
            answer == attempt.answer, f"{attempt.who} {attempt.what}: the answer was {answer}"
        )
        if not attempt.in_log:
            return
        event = (refused.event or "").partition(";")[0]
        if self.findings.expect(event != "", f"{attempt.who} {attempt.what}: the refusal names no event"):
            self.logged.append(event)
