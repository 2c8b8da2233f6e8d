"""Texts that the provider's people sign, one by one, before anything opens to them.

A new version suspends every grant under the engagement, because access asks for a signature of it.
"""

from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.docs_api.agreements.errors import NdaSigned, NdaSuperseded
from services.docs_api.agreements.schemas import (
    NdaQuery,
    NdaView,
    NewNdaVersion,
    NewSignature,
    SignatureView,
)
from services.docs_api.engagements.errors import EngagementEnded
from services.docs_api.keychain import Names
from services.docs_api.keys import FIRM_KEY_COLUMNS, current_firm_key, firm_key_of
from services.docs_api.refusals import invalid
from services.docs_api.vault import vault_of
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.tables.agreements import Engagement, NdaSignature, NdaVersion
from services.tables.docs import FirmKey

_TEXT = "nda_versions.text_sealed"


async def publish_version(act: Act, engagement_id: UUID, new: NewNdaVersion) -> NdaView:
    """The next version of the text; from now on everybody signs this one.

    Raises:
        NotFound: the firm has no such engagement.
        EngagementEnded: nobody works under it any more.
    """
    engagement = await _own_engagement(act, engagement_id)
    if engagement.state != "active":
        raise EngagementEnded
    key = await current_firm_key(act)
    version_id, digest = new_id(act.now), sha256(new.text.encode()).digest()
    engagement.nda_version = (engagement.nda_version or 0) + 1
    engagement.revision += 1
    made = NdaVersion(
        tenant_id=act.principal.firm,
        id=version_id,
        engagement_id=engagement_id,
        version=engagement.nda_version,
        firm_key_id=key.id,
        text_sealed=vault_of(act.request).keychain.firm_names(key).seal(_TEXT, version_id, new.text),
        sha256=digest,
        created_at=act.now,
        created_by=act.principal.id,
    )
    act.session.add(made)
    await act.record(Draft("nda.published", subject=_subject(engagement_id), change=_named(made)))
    return _view(made, new.text, engagement.nda_version)


async def read_version(act: Act, engagement_id: UUID, query: NdaQuery) -> NdaView:
    """The text, for the people of both parties; the provider's while they act for the firm.

    Raises:
        NotFound: no such engagement for the principal, or no such version.
    """
    wanted = Engagement.nda_version if query.version is None else query.version
    joined = and_(NdaVersion.tenant_id == Engagement.tenant_id, NdaVersion.engagement_id == Engagement.id)
    key = and_(FirmKey.tenant_id == NdaVersion.tenant_id, FirmKey.id == NdaVersion.firm_key_id)
    columns: tuple[Any, ...] = (NdaVersion, Engagement.nda_version.label("current"), *FIRM_KEY_COLUMNS)
    found = await act.session.execute(
        select(*columns)
        .select_from(Engagement)
        .join(NdaVersion, joined)
        .join(FirmKey, key)
        .where(
            Engagement.tenant_id == act.principal.firm,
            Engagement.id == engagement_id,
            or_(
                Engagement.tenant_id == act.principal.organization,
                Engagement.provider_id == act.principal.organization,
            ),
            NdaVersion.version == wanted,
        )
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    version: NdaVersion = row["NdaVersion"]
    names: Names = vault_of(act.request).keychain.firm_names(firm_key_of(dict(row)))
    await act.record(Draft("nda.read", subject=_subject(engagement_id), change=_named(version)))
    return _view(version, names.open(_TEXT, version.id, version.text_sealed), row["current"])


async def sign(act: Act, new: NewSignature) -> SignatureView:
    """Sign the current version for oneself, acting for the firm whose text it is.

    Raises:
        InvalidInput: no such engagement or version for the principal, or the digest is of another text.
        EngagementEnded: nobody works under it any more.
        NdaSuperseded: there is a newer version.
        NdaSigned: one has signed it already.
    """
    version = await _signable(act, new)
    row = {
        "tenant_id": act.principal.firm,
        "engagement_id": new.engagement_id,
        "version": new.version,
        "member_id": act.principal.id,
        "signed_at": act.now,
    }
    statement = insert(NdaSignature).values(row).on_conflict_do_nothing().returning(NdaSignature.version)
    if await act.session.scalar(statement) is None:
        raise NdaSigned
    await act.record(Draft("nda.signed", subject=_subject(new.engagement_id), change=_named(version)))
    return SignatureView(
        engagement_id=new.engagement_id,
        version=new.version,
        sha256=new.sha256,
        member_id=act.principal.id,
        signed_at=act.now,
    )


async def _signable(act: Act, new: NewSignature) -> NdaVersion:
    principal = act.principal
    # Held, so that no newer version comes between.
    engagement = await act.session.scalar(
        select(Engagement)
        .where(
            Engagement.tenant_id == principal.firm,
            Engagement.id == new.engagement_id,
            Engagement.provider_id == principal.organization,
        )
        .with_for_update(read=True)
    )
    if engagement is None or not principal.acts_for_another:
        raise invalid("/engagement_id", "engagement")
    if engagement.state != "active" or (engagement.ends_at is not None and engagement.ends_at <= act.now):
        raise EngagementEnded
    version = await act.session.scalar(
        select(NdaVersion).where(
            NdaVersion.tenant_id == principal.firm,
            NdaVersion.engagement_id == engagement.id,
            NdaVersion.version == new.version,
        )
    )
    if version is None:
        raise invalid("/version", "version")
    if version.version != engagement.nda_version:
        raise NdaSuperseded
    if version.sha256.hex() != new.sha256:
        raise invalid("/sha256", "digest")
    return version


async def _own_engagement(act: Act, engagement_id: UUID) -> Engagement:
    engagement = await act.session.scalar(
        select(Engagement)
        .where(Engagement.tenant_id == act.principal.firm, Engagement.id == engagement_id)
        .with_for_update()
    )
    if engagement is None:
        raise NotFound
    return engagement


def _subject(engagement_id: UUID) -> Subject:
    return Subject("engagement", engagement_id)


def _named(version: NdaVersion) -> dict[str, object]:
    return {"version": version.version, "sha256": version.sha256.hex()}


def _view(row: NdaVersion, text: str, current: int | None) -> NdaView:
    return NdaView(
        engagement_id=row.engagement_id,
        version=row.version,
        text=text,
        sha256=row.sha256.hex(),
        current=row.version == current,
        created_at=row.created_at,
        created_by=row.created_by,
    )
