"""A set-up world: an operator, two firms, a provider, and people of every role, all signed in."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp

from clients.python.redwell_client import ProblemError, Redwell
from tests.harness.instance import Instance

PASSWORD = "correct horse battery"
RENEWAL = timedelta(minutes=1)


@dataclass
class Person:
    """A member with a client of their own. `otp` gives codes for any moment of the instance's clock."""

    client: Redwell
    email: str
    id: str
    organization: str
    roles: list[str]
    secret: str = field(repr=False)
    password: str = PASSWORD

    def code(self, moment: datetime) -> str:
        return pyotp.TOTP(self.secret).at(moment)


@dataclass
class World:
    """Everything a test needs to play the journey."""

    instance: Instance
    operator: Person
    firm: str
    other_firm: str
    provider: str
    people: dict[str, Person]
    engagement: str = ""
    matter: str = ""

    def __post_init__(self) -> None:
        self.renewed_at = self.instance.clock.now()

    def renew(self) -> None:
        """New tokens for all, with a fresh factor for those who need one, once some minutes have gone by."""
        now = self.instance.clock.now()
        if now - self.renewed_at < RENEWAL:
            return
        self.renewed_at = now
        for person in (self.operator, *self.people.values()):
            person.client.refresh()
            if not {"paralegal", "firm_staff"} & set(person.roles):
                # A code of when all this began may be too old for the last of them.
                person.client.step_up(person.code(self.instance.clock.now()))

    def __getitem__(self, role: str) -> Person:
        return self.people[role]

    def close(self) -> None:
        for person in (self.operator, *self.people.values()):
            person.client.close()

    def grant(self, paralegal: Person, classes: list[str], **changes: Any) -> dict[str, Any]:
        """Give `paralegal` a grant on the matter, as the attorney."""
        body = {
            "member_id": paralegal.id,
            "engagement_id": self.engagement,
            "classes": classes,
            "permissions": ["read"],
            "ends_at": (self.instance.clock.now() + timedelta(days=7)).isoformat(),
            "purpose": "First review",
            **changes,
        }
        return self["attorney"].client.call("POST", f"/v1/matters/{self.matter}/grants", body)

    def put(self, folder: Path, name: str, content: bytes, class_id: str = "pleadings") -> dict[str, Any]:
        """Put one document into the matter, as the attorney, in one request."""
        path = folder / name
        path.write_bytes(content)
        client = self["attorney"].client
        return client.send(client.create(self.matter, path, class_id), path)


def join(instance: Instance, code: str, name: str, email: str | None = None) -> Person:
    """Redeem an invitation with password and TOTP."""
    client = instance.client()
    address = email or f"{name}-{secrets.token_hex(4)}@example.com"
    try:
        joined = client.join(code, address, name.title(), PASSWORD)
        secret = joined["totp"]["secret"]
        client.confirm_join(joined["challenge"], pyotp.TOTP(secret).at(instance.clock.now()))
    except ProblemError:
        client.close()
        raise
    return Person(client, address, joined["member_id"], joined["organization"]["id"], joined["roles"], secret)


def invite(instance: Instance, inviter: Person, roles: list[str], name: str) -> Person:
    email = f"{name}-{secrets.token_hex(4)}@example.com"
    invitation = inviter.client.call("POST", "/v1/invitations", {"email": email, "roles": roles})
    return join(instance, invitation["code"], name, email)


def organization(instance: Instance, operator: Person, kind: str, name: str) -> tuple[str, Person]:
    """A new organization and its first administrator."""
    made = operator.client.call("POST", "/v1/organizations", {"kind": kind, "name": name})
    return made["organization"]["id"], join(instance, made["first_administrator"]["code"], f"{kind}-admin")


def build_world(instance: Instance, operator: Person) -> World:
    """Two firms, one provider, one engagement, one matter with three classes; nothing granted yet."""
    firm, firm_admin = organization(instance, operator, "firm", "Harbour & Quill LLP")
    other_firm, other_admin = organization(instance, operator, "firm", "Northgate Partners")
    provider, provider_admin = organization(instance, operator, "provider", "Lexbridge Support")
    people = {
        "firm_admin": firm_admin,
        "other_admin": other_admin,
        "provider_admin": provider_admin,
        "attorney": invite(instance, firm_admin, ["attorney"], "attorney"),
        "firm_staff": invite(instance, firm_admin, ["firm_staff"], "staff"),
        "officer": invite(instance, firm_admin, ["compliance_officer"], "officer"),
        "other_attorney": invite(instance, other_admin, ["attorney"], "other-attorney"),
        "other_officer": invite(instance, other_admin, ["compliance_officer"], "other-officer"),
        "paralegal": invite(instance, provider_admin, ["paralegal"], "paralegal"),
        "ungranted": invite(instance, provider_admin, ["paralegal"], "ungranted"),
        "provider_officer": invite(instance, provider_admin, ["compliance_officer"], "provider-officer"),
    }
    world = World(instance, operator, firm, other_firm, provider, people)
    _open_matter(world)
    for name in ("paralegal", "ungranted"):
        people[name].client.act_for(firm)
    return world


def _open_matter(world: World) -> None:
    admin, attorney = world["firm_admin"].client, world["attorney"]
    engagement = admin.call(
        "POST", "/v1/engagements", {"provider_id": world.provider, "services": ["document review"]}
    )
    world.engagement = engagement["id"]
    for class_id in ("pleadings", "correspondence", "privileged"):
        admin.call("POST", "/v1/classes", {"id": class_id, "label": class_id.title()})
    matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))
    world.matter = matter["id"]


def matter_body(attorney_id: str) -> dict[str, Any]:
    return {
        "number": f"2026-{secrets.token_hex(4)}",
        "title": "Aster Shipping v. Bellwether Insurance",
        "client": "Aster Shipping",
        "practice_area": "commercial litigation",
        "sensitivity": "standard",
        "supervising_attorney_id": attorney_id,
    }
