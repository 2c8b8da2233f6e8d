"""The policy decision point, which both faces share: decide, and record a refusal before anybody is told.

The refusal of an identified principal is an event of the operation's type, in the tree of the organization
acted for; any other is counted (docs/ledger-format.md). An admission leaves no event here: the service's act
does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from services.evidence.event import Draft, Event
from services.evidence.refusals import refusal_draft
from services.gateway.decision import Decision, Rules, decide
from services.gateway.errors import CapabilityUnknown
from services.gateway.head import RequestHead
from services.gateway.keys import PublicKeys
from services.gateway.proofs import proof_refusal
from services.kernel.clock import Clock
from services.kernel.http.operation import Operation
from services.kernel.ids import new_id
from services.kernel.logs import logger
from services.kernel.principal import Admission, Principal
from services.kernel.problems import EvidenceUnavailable, RedwellError, Unavailable
from services.keys.proofs import Proof
from services.keys.verification import TokenError

UNKNOWN_OPERATION: Final = "unknown"
_log = logger("gateway")


FindHolder = Callable[[str, datetime], Awaitable[Principal | None]]
"""Finds whom a capability stands for, in the database; None if it opens nothing."""


async def nobody(_capability: str, _now: datetime) -> Principal | None:
    """Where there are no capabilities."""
    return None


UseProof = Callable[[Proof, datetime], Awaitable[bool]]
"""Uses a proof up, in the database; whether this was its first use."""


async def always_new(_proof: Proof, _now: datetime) -> bool:
    """Where nobody remembers proofs."""
    return True


@dataclass(frozen=True, slots=True)
class Lookups:
    """What a decision point asks of the database: whom a capability stands for, whether a proof is new."""

    find_holder: FindHolder = nobody
    use_proof: UseProof = always_new


class RefusalRecorder(Protocol):
    """The part of `Recorder` that the gateway uses."""

    async def append_alone(self, tenant: UUID, draft: Draft, admission: Admission | None) -> Event: ...
    async def count_refusal(self, admission: Admission, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of a decision: a refusal if there is a problem, else there is an operation.

    `event` names the evidence of a refusal that has an event of its own.
    """

    admission: Admission
    operation: Operation | None
    problem: RedwellError | None = None
    event: str | None = None


class DecisionPoint:
    """Decides on requests and records refusals.

    Args:
        rules: what decisions are made by.
        keys: whose access tokens are believed; asked again when a token names an unknown key.
        recorder: where refusals go.
        clock: the present.
        lookups: what is asked of the database.
    """

    def __init__(
        self,
        rules: Rules,
        keys: PublicKeys,
        recorder: RefusalRecorder,
        clock: Clock,
        lookups: Lookups | None = None,
    ) -> None:
        self._lookups = lookups or Lookups()
        self._rules = rules
        self._keys = keys
        self._recorder = recorder
        self._clock = clock

    async def decide(self, head: RequestHead) -> Verdict:
        """Decide on `head`; a refusal has its evidence when this returns, or is a 503."""
        now = self._clock()
        decision = decide(head, self._rules, now)
        if decision.problem is not None and _reason(decision.problem) == "token-unknown-key":
            decision = await self._decide_again(head, decision)
        if isinstance(decision.problem, CapabilityUnknown):
            decision = await self._decide_for_holder(head, decision, now)
        decision = await self._use_proof(decision, now)
        operation = decision.operation
        admission = Admission(
            operation=operation.id if operation else UNKNOWN_OPERATION,
            method=head.method,
            path=head.raw_path.decode("latin-1"),
            request_id=new_id(now),
            address=head.address,
            user_agent=decision.user_agent,
            principal=decision.principal,
            proof_key=decision.proof.key if decision.proof else None,
        )
        if decision.problem is None:
            return Verdict(admission, operation)
        return await self._refuse(admission, operation, decision.problem)

    async def _decide_again(self, head: RequestHead, decision: Decision) -> Decision:
        """A key may have been published since the keys were read."""
        try:
            changed = await self._keys.refresh()
        except Unavailable as problem:
            return Decision(decision.operation, None, decision.user_agent, problem)
        return decide(head, self._rules, self._clock()) if changed else decision

    async def _decide_for_holder(self, head: RequestHead, decision: Decision, now: datetime) -> Decision:
        capability = head.raw_path.rpartition(b"/")[2].decode("latin-1")
        try:
            holder = await self._lookups.find_holder(capability, now)
        except Unavailable as problem:
            return Decision(decision.operation, None, decision.user_agent, problem)
        return decide(head, self._rules, now, holder)

    async def _use_proof(self, decision: Decision, now: datetime) -> Decision:
        """Whoever sends a proof anew has shown no key: nobody is identified by it, whatever else is wrong."""
        if decision.proof is None or decision.operation is None:
            return decision
        try:
            if await self._lookups.use_proof(decision.proof, now):
                return decision
            refused: RedwellError = proof_refusal(decision.operation, "used-before")
        except Unavailable as problem:
            refused = problem
        return replace(decision, principal=None, proof=None, problem=refused)

    async def _refuse(
        self, admission: Admission, operation: Operation | None, problem: RedwellError
    ) -> Verdict:
        try:
            if operation is None or admission.principal is None:
                await self._recorder.count_refusal(admission, _reason(problem))
                return Verdict(admission, operation, problem)
            draft = refusal_draft(operation, admission, problem)
            event = await self._recorder.append_alone(admission.principal.firm, draft, admission)
        except EvidenceUnavailable as unavailable:
            _log.error("refusal not recorded", operation=admission.operation, reason=problem.slug)
            return Verdict(admission, operation, unavailable)
        return Verdict(admission, operation, problem, event.header)


def _reason(problem: RedwellError) -> str:
    """Why, as evidence has it: more exact about tokens than the answer is."""
    cause = problem.__cause__
    if problem.reason is not None:
        return problem.reason
    return f"token-{cause.reason}" if isinstance(cause, TokenError) else problem.slug
