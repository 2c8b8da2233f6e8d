"""All rows or none, in one transaction, each by the very function that does it alone.

A dry run does the same and takes it back, so what it says is what would happen.
"""

from sqlalchemy import select

from services.auth.bulk.errors import MembersRowsRefused
from services.auth.bulk.rows import Row, RowError, read_rows
from services.auth.bulk.schemas import BulkDone, BulkProblem, BulkResult
from services.auth.enrolment.inviting import invite
from services.auth.enrolment.queries import lock_organization
from services.auth.enrolment.schemas import NewInvitation
from services.auth.externals.schemas import ExternalTerms
from services.auth.members.administration import offboard, suspend
from services.auth.resources import Resources
from services.evidence.act import Act, check_session
from services.evidence.event import Draft
from services.kernel.problems import RedwellError
from services.tables.auth import Member
from services.tables.teams import Team


async def run(act: Act, resources: Resources, body: bytes, *, dry_run: bool) -> BulkDone:
    """What became of each row; with each change, its own evidence.

    Raises:
        MembersFileRefused: it is no such file.
        MembersRowsRefused: some row cannot be done, and it is no dry run; nothing has changed.
    """
    rows = read_rows(body)
    tenant = act.principal.organization
    await lock_organization(act.session, tenant)
    await check_session(act.session, act.principal, act.now)
    results, problems = [], []
    undoable = await act.session.begin_nested()
    for row in rows:
        done = await _do(act, resources, row)
        if isinstance(done, BulkProblem):
            problems.append(done)
        else:
            results.append(done)
    if problems and not dry_run:
        raise MembersRowsRefused(None, rows=[problem.model_dump() for problem in problems])
    if dry_run:
        await undoable.rollback()
        await act.see(tenant)
        results = [_without_code(result) for result in results]
    else:
        await undoable.commit()
    counts: dict[str, object] = {"dry_run": dry_run, "rows": len(rows), "problems": len(problems)}
    await act.record(Draft("member.bulk.run", change=counts), tenant)
    return BulkDone(dry_run=dry_run, results=results, problems=problems)


async def _do(act: Act, resources: Resources, row: Row | tuple[int, RowError]) -> BulkResult | BulkProblem:
    if not isinstance(row, Row):
        line, wrong = row
        return BulkProblem(row=line, column=wrong.column, problem=wrong.slug, title=wrong.title)
    try:
        # What a row did before it was refused is taken back alone, so that the others can still be tried.
        async with act.session.begin_nested():
            return await _act_on(act, resources, row)
    except RowError as wrong:
        return BulkProblem(row=row.line, column=wrong.column, problem=wrong.slug, title=wrong.title)
    except RedwellError as refused:
        if refused.status >= 500:  # noqa: PLR2004 -- not the row's fault
            raise
        title = refused.detail or refused.title
        return BulkProblem(row=row.line, column="", problem=refused.slug, title=title)


async def _act_on(act: Act, resources: Resources, row: Row) -> BulkResult:
    if row.action == "invite":
        made = await invite(act, resources, await _invitation(act, resources, row))
        return BulkResult(row=row.line, action="invite", member_id=None, invitation=made)
    member = await _member(act, resources, row.email, "email")
    if member.id == act.principal.id:
        raise RowError("email", "oneself", "Nobody does this to themselves in a file")
    if row.action == "suspend":
        await suspend(act, resources, member.id)
        return BulkResult(row=row.line, action="suspend", member_id=member.id, invitation=None)
    await offboard(act, resources, member.id)
    return BulkResult(row=row.line, action="offboard", member_id=member.id, invitation=None)


async def _invitation(act: Act, resources: Resources, row: Row) -> NewInvitation:
    terms = None
    if row.ends_on is not None:
        sponsor = await _member(act, resources, row.sponsor, "sponsor")
        terms = ExternalTerms(sponsor_id=sponsor.id, ends_on=row.ends_on)
    team = await _team(act, resources, row.team) if row.team else None
    return NewInvitation(
        email=row.email,
        roles=sorted(row.roles),
        external=terms,
        team_id=None if team is None else team.id,
    )


async def _member(act: Act, resources: Resources, address: str, column: str) -> Member:
    wanted = select(Member).where(
        Member.tenant_id == act.principal.organization,
        Member.email_index == resources.keys.email_index(address),
        Member.state.in_(("active", "suspended")),
    )
    found: Member | None = await act.session.scalar(wanted)
    if found is None:
        raise RowError(column, "no-such-member", "The organization has no member with this address")
    return found


async def _team(act: Act, resources: Resources, name: str) -> Team:
    wanted = select(Team).where(
        Team.tenant_id == act.principal.organization,
        Team.name_index == resources.keys.team_index(name),
        Team.state == "active",
    )
    found: Team | None = await act.session.scalar(wanted)
    if found is None:
        raise RowError("team", "no-such-team", "The organization has no team of this name")
    return found


def _without_code(result: BulkResult) -> BulkResult:
    """The code of a dry run opens nothing; nobody is to send it."""
    if result.invitation is None:
        return result
    return result.model_copy(update={"invitation": result.invitation.model_copy(update={"code": None})})
