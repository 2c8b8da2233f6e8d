"""What the acts of the story share, and its first act: organizations, people, a matter."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.cli.demo.files import CLASSES, PRIVILEGED, CaseFile
from services.cli.demo.instance import Throwaway
from services.cli.demo.people import Cast, Person
from services.cli.demo.refusals import Refusals
from services.cli.demo.result import Findings, Result
from services.cli.demo.show import Show

FIRM, PROVIDER = "Harbour & Quill LLP", "Lexbridge Support"
MATTER_TITLE = "Larkspur Instruments v. Costa Verde Logística"


@dataclass(frozen=True)
class Stored:
    """A file and the document it has become."""

    file: CaseFile
    document_id: str


@dataclass
class Story:
    """Everything known so far."""

    instance: Throwaway
    files: Sequence[CaseFile]
    cast: Cast
    show: Show
    findings: Findings
    refusals: Refusals
    firm: str = ""
    provider: str = ""
    engagement: str = ""
    matter: str = ""
    grant: str = ""
    stored: list[Stored] = field(default_factory=list)

    @property
    def result(self) -> Result:
        return self.findings.result

    @property
    def granted_classes(self) -> list[str]:
        """Every class that is in use, but for what is privileged."""
        used = {file.class_id for file in self.files}
        return [class_id for class_id in CLASSES if class_id in used and class_id != PRIVILEGED]

    def granted(self) -> list[Stored]:
        return [stored for stored in self.stored if stored.file.class_id != PRIVILEGED]

    def withheld(self) -> list[Stored]:
        return [stored for stored in self.stored if stored.file.class_id == PRIVILEGED]


def gather_people(story: Story) -> None:
    """Organizations and members. Nobody is there from the start: each comes in by a one-time code."""
    cast, show = story.cast, story.show
    show.chapter(
        "People join",
        "There is no default account. A start prints one code, for the operator; every other code is given "
        "out by somebody inside. Each person proves two things: a password, and a code from an "
        "authenticator app.",
    )
    cast.operator.join(story.instance.operator_code)
    story.firm = _found(cast.operator, "firm", FIRM, cast.firm_admin)
    story.provider = _found(cast.operator, "provider", PROVIDER, cast.provider_admin)
    show.done(cast.operator.name, f"(the operator) made the firm {FIRM} and the provider {PROVIDER}.")
    _invite(cast.firm_admin, cast.attorney, "attorney")
    _invite(cast.firm_admin, cast.officer, "compliance_officer")
    show.done(cast.firm_admin.name, "invited an attorney and a compliance officer into the firm.")
    for paralegal in (cast.granted, cast.ungranted):
        _invite(cast.provider_admin, paralegal, "paralegal")
    show.done(cast.provider_admin.name, "invited two paralegals into the provider.")
    show.table(("who", "is"), [(person.name, person.part) for person in cast.everybody()])


def open_matter(story: Story) -> None:
    """The firm admits the provider, names its classes of documents, and opens a matter."""
    cast, show = story.cast, story.show
    show.chapter("The firm prepares a matter")
    admin, attorney = cast.firm_admin.client, cast.attorney
    body = {"provider_id": story.provider, "services": ["document review"]}
    story.engagement = admin.call("POST", "/v1/engagements", body)["id"]
    show.done(cast.firm_admin.name, f"admitted {PROVIDER} for document review. This alone opens no document.")
    for class_id, label in CLASSES.items():
        admin.call("POST", "/v1/classes", {"id": class_id, "label": label})
    show.done(cast.firm_admin.name, f"set up classes of documents: {', '.join(CLASSES)}.")
    matter = {
        "number": "2026-0117",
        "title": MATTER_TITLE,
        "client": "Larkspur Instruments Ltd",
        "practice_area": "commercial litigation",
        "sensitivity": "standard",
        "supervising_attorney_id": attorney.id,
    }
    story.matter = attorney.client.call("POST", "/v1/matters", matter)["id"]
    show.done(attorney.name, f"opened the matter “{MATTER_TITLE}”, and supervises it.")


def _found(operator: Person, kind: str, name: str, administrator: Person) -> str:
    made = operator.client.call("POST", "/v1/organizations", {"kind": kind, "name": name})
    administrator.join(made["first_administrator"]["code"])
    return str(made["organization"]["id"])


def _invite(administrator: Person, newcomer: Person, role: str) -> None:
    body = {"email": newcomer.email, "roles": [role]}
    newcomer.join(administrator.client.call("POST", "/v1/invitations", body)["code"])
