"""Who may: a grant, signing in with two factors, everything that is refused, and the end of the grant."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from clients.python.redwell_client import Redwell, Tokens
from services.cli.demo.files import PRIVILEGED
from services.cli.demo.refusals import NO_TOKEN, NOT_A_TOKEN, NOT_YOUR_ROLE, NOTHING_HERE, Attempt
from services.cli.demo.story import FIRM, Story

GRANT_LASTS = timedelta(days=14)
MOST_WITHHELD = 2  # further ones would be refused in the same words


def grant(story: Story) -> None:
    """The attorney lets one paralegal read some classes for some time."""
    attorney, show = story.cast.attorney, story.show
    show.chapter(
        "A grant",
        "A grant is one person, one matter, some classes of documents, and an end. Without one, the "
        "provider's people see nothing.",
    )
    attorney.prove_again()
    staff = list(attorney.client.pages(f"/v1/providers/{story.provider}/members"))
    member = next(row["id"] for row in staff if row["name"] == story.cast.granted.name)
    ends_at = datetime.now(UTC) + GRANT_LASTS
    body = {
        "member_id": member,
        "engagement_id": story.engagement,
        "classes": story.granted_classes,
        "permissions": ["read"],
        "ends_at": ends_at.isoformat(),
        "purpose": "First review of the documents",
    }
    story.grant = str(attorney.client.call("POST", f"/v1/matters/{story.matter}/grants", body)["id"])
    classes = ", ".join(story.granted_classes)
    show.done(
        attorney.name,
        f"granted {story.cast.granted.name} to read {classes} until {ends_at:%d %B %Y %H:%M} UTC.",
    )
    if story.withheld():
        show.say(f"The class “{PRIVILEGED}” is not granted to anybody outside the firm.")


def sign_in(story: Story) -> None:
    """The paralegal comes back with password and code, and switches to the firm."""
    paralegal, show = story.cast.granted, story.show
    show.chapter(
        "The paralegal signs in",
        "A password alone opens nothing. A token is for one organization; the paralegal asks for one to "
        "act for the firm.",
    )
    paralegal.client.tokens = None
    challenge = paralegal.client.sign_in(paralegal.email, paralegal.password)
    show.done(paralegal.name, "gave the password.")
    story.refusals.one(_with_password_only(story, challenge))
    paralegal.finish_sign_in(challenge)
    show.done(paralegal.name, "gave the code of the authenticator, and is signed in.")
    for person in (paralegal, story.cast.ungranted):
        firms = [row["id"] for row in person.client.pages("/v1/firms")]
        story.findings.expect(firms == [story.firm], f"{person.name} may act for {len(firms)} firms, not one")
        person.act_for(story.firm)
    show.done(paralegal.name, f"acts for {FIRM} from here on; so does {story.cast.ungranted.name}.")


def be_refused(story: Story) -> None:
    """Everybody else, and everything else."""
    story.show.chapter(
        "What is refused",
        "“Not yours” and “not there” are the same answer, so that nobody learns from a refusal what exists.",
    )
    story.refusals.all([*_inside_the_provider(story), *_outside_the_case(story)])


def revoke(story: Story) -> None:
    """The attorney takes the grant back, and it is over at once."""
    attorney, paralegal, show = story.cast.attorney, story.cast.granted, story.show
    show.chapter("The grant is taken back")
    attorney.prove_again()
    attorney.client.call("POST", f"/v1/grants/{story.grant}/revoke")
    show.done(attorney.name, f"revoked the grant of {paralegal.name}.")
    one = story.granted()[0]
    fetching = _fetching(story, paralegal.client, one.document_id)
    story.refusals.one(Attempt(paralegal.name, f"asks for “{one.file.name}” again", NOTHING_HERE, fetching))


def _with_password_only(story: Story, challenge: str) -> Attempt:
    """What a password gives is a challenge; somebody tries it as if it were a token."""
    client = story.instance.client(Tokens(challenge, "", ""))
    fetching = _fetching(story, client, story.stored[0].document_id)
    name = story.cast.granted.name
    return Attempt(name, "asks for a document with the password alone", NOT_A_TOKEN, fetching, in_log=False)


def _inside_the_provider(story: Story) -> list[Attempt]:
    """What the two paralegals try."""
    granted, ungranted, one = story.cast.granted, story.cast.ungranted, story.granted()[0]
    return [
        *(
            Attempt(
                granted.name,
                f"asks for the privileged “{stored.file.name}”",
                NOTHING_HERE,
                _fetching(story, granted.client, stored.document_id),
            )
            for stored in story.withheld()[:MOST_WITHHELD]
        ),
        Attempt(
            granted.name,
            "asks for a document that does not exist",
            NOTHING_HERE,
            _fetching(story, granted.client, str(uuid4())),
        ),
        Attempt(
            ungranted.name,
            f"(no grant) asks for “{one.file.name}”",
            NOTHING_HERE,
            _fetching(story, ungranted.client, one.document_id),
        ),
        Attempt(
            ungranted.name,
            "(no grant) asks what is in the matter",
            NOTHING_HERE,
            lambda: list(ungranted.client.documents(story.matter)),
        ),
    ]


def _outside_the_case(story: Story) -> list[Attempt]:
    """What those try who may do much, but never read: and somebody who may do nothing."""
    officer, operator, one = story.cast.officer, story.cast.operator, story.granted()[0]
    what = f"asks for “{one.file.name}”"
    callers = (
        (f"{officer.name} (compliance officer)", officer.client, NOT_YOUR_ROLE, True),
        (f"{operator.name} (operator)", operator.client, NOT_YOUR_ROLE, False),
        ("A stranger without a token", story.instance.client(), NO_TOKEN, False),
    )
    return [
        Attempt(who, what, answer, _fetching(story, client, one.document_id), in_log)
        for who, client, answer, in_log in callers
    ]


def _fetching(story: Story, client: Redwell, document_id: str) -> Callable[[], object]:
    target: Path = story.instance.work / "never"
    return lambda: client.fetch(document_id, target)
