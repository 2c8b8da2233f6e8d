"""What an administrator does with programs. Whatever ends one ends its sessions in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from services.auth.acting import require_engagement
from services.auth.clients import queries
from services.auth.clients.errors import (
    ActingForRefused,
    ClientKeyRefused,
    ClientKeyTaken,
    ClientOver,
    ClientScopesRefused,
    ClientTermRefused,
)
from services.auth.clients.policy import KEY_TERM, MAX_TERM, decide_term, grantable_scopes
from services.auth.clients.schemas import ClientPage, ClientView, KeyView, NewClient, NewKey
from services.auth.ending import end_sessions
from services.auth.enrolment.queries import read_organization
from services.auth.identity import IdentityKeys
from services.auth.locks import confirm_acting, lock_member
from services.auth.lookups import Place
from services.auth.resources import Resources
from services.auth.wire import PageQuery, cursor_of
from services.evidence.act import Act
from services.evidence.event import Draft, Subject
from services.kernel.clock import timestamp
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.kernel.scopes import OrganizationKind, Role
from services.keys.keyring import KeyringError, VerificationKey
from services.keys.signing import thumbprint
from services.tables.auth import Member, MemberRole
from services.tables.clients import Client, ClientKey


async def create(act: Act, resources: Resources, new: NewClient) -> ClientView:
    """Make a program of one's own organization. It has no key yet, and is on no matter.

    Raises:
        ActingForRefused: it names a firm that it need not name, or none where it must.
        NotFound: the firm has not engaged the organization.
        ClientScopesRefused: a program cannot have such scopes.
        ClientTermRefused: it would be over already, or live longer than a year.
    """
    await confirm_acting(act)
    tenant = act.principal.organization
    acting_for = await _acting_for(act, new.acting_for)
    if not grantable_scopes(acting_for_another=acting_for != tenant).issuperset(new.scopes):
        raise ClientScopesRefused
    ends = decide_term(act.now, new.expires_at, otherwise=MAX_TERM)
    if ends is None:
        raise ClientTermRefused
    place = Place(tenant, new_id(act.now))
    await _insert_member(act, resources.keys, place, new.name)
    client = Client(
        tenant_id=tenant,
        id=place.id,
        acting_for=acting_for,
        scopes=sorted(set(new.scopes)),
        networks=sorted(set(new.networks)),
        created_by=act.principal.id,
        created_at=act.now,
        expires_at=ends,
    )
    act.session.add(client)
    await _tell_firm(act, client, "client.created", _terms(client))
    await _record(act, "client.created", place.id, _terms(client))
    return await _view(act, resources, place)


async def _acting_for(act: Act, wanted: UUID | None) -> UUID:
    tenant = act.principal.organization
    organization = await read_organization(act.session, tenant)
    if organization is None:
        raise NotFound
    if (wanted is None) != (organization.kind == OrganizationKind.FIRM):
        raise ActingForRefused
    if wanted is None:
        return tenant
    await act.see(tenant, wanted)
    await require_engagement(act.session, wanted, tenant, act.now)
    await act.see(tenant)
    return wanted


async def _insert_member(act: Act, keys: IdentityKeys, place: Place, name: str) -> None:
    await act.session.execute(
        insert(Member).values(
            tenant_id=place.tenant,
            id=place.id,
            kind="client",
            name_sealed=keys.seal_name(place.tenant, place.id, name),
            state="active",
            created_at=act.now,
        )
    )
    role = {"tenant_id": place.tenant, "member_id": place.id, "role": Role.CLIENT}
    await act.session.execute(insert(MemberRole).values(role))


async def add_key(act: Act, resources: Resources, client_id: UUID, new: NewKey) -> ClientView:
    """Let the program be known by this key too.

    Raises:
        NotFound: there is no such program.
        ClientOver: it is disabled, or its term is over.
        ClientKeyRefused: the key is no point on P-256.
        ClientTermRefused: the key would be over already, or live longer than a year.
        ClientKeyTaken: some program of the organization has or had it.
    """
    client = await _locked(act, client_id)
    if client.expires_at <= act.now:
        raise ClientOver
    jwk = new.jwk.model_dump(exclude={"kid"})
    kid = thumbprint(jwk)
    try:
        VerificationKey.from_jwk({**jwk, "kid": kid})
    except KeyringError:
        raise ClientKeyRefused from None
    ends = decide_term(act.now, new.expires_at, otherwise=KEY_TERM, limit=client.expires_at)
    if ends is None:
        raise ClientTermRefused
    key = {
        "tenant_id": client.tenant_id,
        "kid": kid,
        "client_id": client_id,
        "jwk": {**jwk, "kid": kid},
        "created_by": act.principal.id,
        "created_at": act.now,
        "expires_at": ends,
    }
    try:
        await act.session.execute(insert(ClientKey).values(key))
    except IntegrityError as taken:
        raise ClientKeyTaken from taken
    await _record(act, "client.key.added", client_id, {"kid": kid, "expires_at": timestamp(ends)})
    return await _view(act, resources, Place(client.tenant_id, client_id))


async def revoke_key(act: Act, resources: Resources, client_id: UUID, kid: str) -> ClientView:
    """Believe this key no more, and end what was begun with it.

    Raises:
        NotFound: the program has no such key, or it is revoked already.
    """
    tenant = act.principal.organization
    place = Place(tenant, client_id)
    await confirm_acting(act)
    await lock_member(act.session, place, exclusive=True)
    revoked = await act.session.scalar(
        update(ClientKey)
        .where(
            ClientKey.tenant_id == tenant,
            ClientKey.client_id == client_id,
            ClientKey.kid == kid,
            ClientKey.revoked_at.is_(None),
        )
        .values(revoked_at=act.now)
        .returning(ClientKey.kid)
    )
    if revoked is None:
        raise NotFound
    sessions = await queries.end_sessions_of_key(act.session, place, kid, act.now)
    await _record(act, "client.key.revoked", client_id, {"kid": kid, "sessions": sessions})
    return await _view(act, resources, place)


async def disable(act: Act, resources: Resources, client_id: UUID) -> ClientView:
    """Stop the program for good: sessions, running transfers, keys.

    Raises:
        NotFound: there is no such program.
        ClientOver: it is disabled already.
    """
    client = await _locked(act, client_id)
    place = Place(client.tenant_id, client_id)
    await act.session.execute(
        update(Member).where(Member.tenant_id == place.tenant, Member.id == place.id).values(state="removed")
    )
    sessions = await end_sessions(act.session, place, "client-disabled", act.now)
    await _tell_firm(act, client, "client.disabled", {})
    await _record(act, "client.disabled", client_id, {"sessions": sessions})
    return await _view(act, resources, place)


async def list_clients(act: Act, resources: Resources, query: PageQuery) -> ClientPage:
    """The programs of one's own organization, oldest first, disabled ones too."""
    tenant = act.principal.organization
    rows = await queries.read_clients(act.session, tenant, query.after, query.limit + 1)
    page = rows[: query.limit]
    keys = await queries.keys_of(act.session, tenant, [client.id for client, _ in page])
    await act.record(Draft("client.listed", change={"count": len(page)}), tenant)
    items = [_client_view(resources.keys, row, keys.get(row[0].id, ())) for row in page]
    return ClientPage(items=items, next=cursor_of(page[-1][0].id) if len(rows) > query.limit else None)


async def _locked(act: Act, client_id: UUID) -> Client:
    """The program while it is not disabled; nobody makes a token for it until the act ends."""
    place = Place(act.principal.organization, client_id)
    await confirm_acting(act)
    locked = await lock_member(act.session, place, exclusive=True)
    row = await queries.read_client(act.session, place)
    if locked is None or row is None:
        raise NotFound
    if locked.state != "active":
        raise ClientOver
    return row[0]


async def _tell_firm(act: Act, client: Client, event: str, change: dict[str, object]) -> None:
    """In the log of the firm that a provider's program acts for."""
    if client.acting_for == client.tenant_id:
        return
    await act.see(client.tenant_id, client.acting_for)
    await act.record(Draft(event, subject=Subject("client", client.id), change=change), client.acting_for)


async def _record(act: Act, event: str, client: UUID, change: dict[str, object]) -> None:
    draft = Draft(event, subject=Subject("client", client), change=change)
    await act.record(draft, act.principal.organization)


def _terms(client: Client) -> dict[str, object]:
    """What it may, as evidence has it. Where it may come from says where somebody's machines are."""
    return {
        "acting_for": str(client.acting_for),
        "scopes": client.scopes,
        "networks": len(client.networks),
        "expires_at": timestamp(client.expires_at),
    }


async def _view(act: Act, resources: Resources, place: Place) -> ClientView:
    row = await queries.read_client(act.session, place)
    assert row is not None, "it was read or made in this act"
    keys = await queries.keys_of(act.session, place.tenant, [place.id])
    return _client_view(resources.keys, row, keys.get(place.id, ()))


def _client_view(keys: IdentityKeys, row: queries.ClientRow, its_keys: Sequence[ClientKey]) -> ClientView:
    client, member = row
    return ClientView(
        id=client.id,
        name=keys.open_name(client.tenant_id, client.id, member.name_sealed),
        state="active" if member.state == "active" else "disabled",
        acting_for=client.acting_for,
        scopes=client.scopes,
        networks=client.networks,
        created_at=client.created_at,
        expires_at=client.expires_at,
        last_used_at=_latest([key.last_used_at for key in its_keys]),
        keys=[
            KeyView(
                kid=key.kid,
                created_at=key.created_at,
                expires_at=key.expires_at,
                revoked_at=key.revoked_at,
                last_used_at=key.last_used_at,
            )
            for key in its_keys
        ],
    )


def _latest(moments: Sequence[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
