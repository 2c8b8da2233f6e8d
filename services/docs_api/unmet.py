"""What the holder of a grant is told when a condition of it is not met: which, who lifts it, and by what.

Asked only after the one query of access found nothing. Whoever holds no grant learns nothing here either.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import Select, and_, any_, case, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.docs_api.access import CONDITIONS, CONDITIONS_OF_GRANT, holds_grant, parameters
from services.evidence.act import Act
from services.kernel.principal import Principal
from services.kernel.problems import Forbidden
from services.tables.agreements import Engagement, Grant
from services.tables.content import Document, Version
from services.tables.docs import Matter


class UnmetCondition(Forbidden):
    """A grant is held, and does not open anything yet, or any more."""

    lifted_by: ClassVar[str]
    operation: ClassVar[str]

    @classmethod
    def lifting(cls, row: Mapping[str, Any]) -> dict[str, object]:
        """What lifts it, for a row of engagement and grant."""
        return {
            "condition": cls.slug,
            "lifted_by": cls.lifted_by,
            "operation": cls.operation,
            "engagement_id": str(row["engagement_id"]),
        }


class EngagementNoLonger(UnmetCondition):
    slug = "engagement-ended"
    title = "The engagement under which access was granted has ended"
    lifted_by = "firm_admin"
    operation = "engagements.create"


class EngagementNotBegun(UnmetCondition):
    slug = "engagement-not-begun"
    title = "The engagement under which access was granted has not begun"
    lifted_by = "firm_admin"
    operation = "engagements.change"


class ConsentMissing(UnmetCondition):
    slug = "consent-missing"
    title = "The client's consent has not been recorded"
    lifted_by = "attorney or firm_staff on the matter"
    operation = "consents.record"


class CountryNotAllowed(UnmetCondition):
    slug = "country-not-allowed"
    title = "The engagement does not admit people where you are declared to be, or nothing is declared"
    lifted_by = "provider_admin"
    operation = "members.declare_country"


class NdaUnsigned(UnmetCondition):
    slug = "nda-unsigned"
    title = "You have not signed the current confidentiality agreement of the engagement"
    lifted_by = "yourself, acting for the firm"
    operation = "nda.sign"

    @classmethod
    def lifting(cls, row: Mapping[str, Any]) -> dict[str, object]:
        return {**super().lifting(row), "version": row["nda_version"]}


_PROBLEMS: Final[dict[str, type[UnmetCondition]]] = {
    problem.slug: problem
    for problem in (EngagementNoLonger, EngagementNotBegun, ConsentMissing, CountryNotAllowed, NdaUnsigned)
}
FAILED = tuple(not_(met).label(slug) for slug, met in CONDITIONS.items())
"""Select these beside `Grant` and `Engagement` to have `liftings` read a row, for the principal in person."""
FAILED_OF_GRANT = tuple(not_(met).label(slug) for slug, met in CONDITIONS_OF_GRANT.items())
"""The same as the firm sees them."""


def failed_conditions(row: Mapping[str, Any]) -> list[str]:
    return [slug for slug in CONDITIONS if row[slug]]


def liftings(row: Mapping[str, Any]) -> list[dict[str, object]]:
    """Every condition that a grant waits for."""
    return [_PROBLEMS[slug].lifting(row) for slug in failed_conditions(row)]


async def tell_holder_of_matter(act: Act, matter_id: UUID) -> None:
    """Return if the principal holds no grant on the matter.

    Raises:
        UnmetCondition: they do.
    """
    held = _held().where(*holds_grant(Matter.tenant_id == Grant.tenant_id, Matter.id == matter_id))
    await _tell(act.session, act.principal, act.now, held)


async def tell_holder_of_document(
    session: AsyncSession, principal: Principal, now: datetime, document_id: UUID
) -> None:
    """Return if the principal holds no grant of the document.

    Raises:
        UnmetCondition: they do.
    """
    available = and_(
        Version.tenant_id == Document.tenant_id,
        Version.document_id == Document.id,
        Version.number == Document.latest_number,
        Version.state == "available",
    )
    held = _held().where(
        available,
        Document.tenant_id == Grant.tenant_id,
        Document.id == document_id,
        Document.state == "active",
        Matter.tenant_id == Grant.tenant_id,
        *holds_grant(Matter.id == Document.matter_id, Document.class_id == any_(Grant.classes)),
    )
    await _tell(session, principal, now, held)


def _held() -> Select[Any]:
    first = case(*((not_(met), slug) for slug, met in CONDITIONS.items()))
    return select(Grant.engagement_id, Engagement.nda_version, first.label("condition"))


async def _tell(session: AsyncSession, principal: Principal, now: datetime, held: Select[Any]) -> None:
    if not principal.acts_for_another:
        return
    found = await session.execute(held.order_by(Grant.id).limit(1), parameters(principal, now))
    row = found.mappings().one_or_none()
    if row is not None and row["condition"] is not None:
        problem = _PROBLEMS[row["condition"]]
        raise problem(None, **problem.lifting(dict(row)))
