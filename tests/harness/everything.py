"""Every operation, each asked by somebody who may, for things that are there."""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from services.kernel.http.operation import Operation
from tests.harness.calls import OPERATIONS, TOKEN_OPERATIONS, Caller, bodies
from tests.harness.people import Person, World, invite
from tests.harness.programs import new_program
from tests.harness.stage import may, new_upload

PEOPLE = ("attorney", "firm_admin", "officer", "paralegal", "provider_admin")


@dataclass
class Everything:
    """Asks. `document` and `folder` are one's own, made while all was well."""

    world: World
    folder: Path
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        self.document = world.put(self.folder, "everything.txt", b"all of it", "pleadings")["id"]
        _, upload = new_upload(world, "unsent.txt")
        grant = world.grant(world["paralegal"], ["pleadings"])
        self.leaver = invite(world.instance, world["firm_admin"], ["attorney"], "leaver")
        self.invitation = world["firm_admin"].client.call(
            "POST", "/v1/invitations", {"email": "late@example.com", "roles": ["attorney"]}
        )["code"]
        program = new_program(world, world["firm_admin"])
        self.caller = Caller(
            world.instance,
            {
                "matter_id": world.matter,
                "member_id": world["firm_staff"].id,
                "document_id": self.document,
                "upload_id": upload,
                "grant_id": grant["id"],
                "engagement_id": world.engagement,
                "provider_id": world.provider,
                "organization_id": world.firm,
                "number": "1",
                "consent_id": str(uuid4()),
                "request_id": str(uuid4()),
                "hold_id": str(uuid4()),
                "client_id": program.id,
                "kid": program.kid,
                "team_id": str(uuid4()),
                "session_id": str(uuid4()),
                "factor_id": str(uuid4()),
            },
        )

        described = self.caller.call(OPERATIONS["documents.get"], world["attorney"])
        self.caller.ids["event_id"] = described.headers["redwell-event"].partition(";")[0]

    def close(self) -> None:
        self.leaver.client.close()
        self.caller.close()

    def ask_all(self) -> dict[str, httpx.Response]:
        """Each operation of the policy table that leaves evidence, allowed and with valid words."""
        valid = bodies(self.world)
        answers = {
            name: self.caller.call(row, self.person_for(row), valid.get(name))
            for name, row in TOKEN_OPERATIONS.items()
        }
        return answers | {name: self._ask(name, body) for name, body in self.public_bodies().items()}

    def ask_what_is_refused(self) -> dict[str, httpx.Response]:
        """Refusals of people who are known, by the gateway and by each service."""
        world, fetch = self.world, OPERATIONS["documents.fetch"]
        return {
            "fetch without a grant": self.caller.call(fetch, world["ungranted"]),
            "fetch in another firm": self.caller.call(fetch, world["other_attorney"]),
            "fetch without the role": self.caller.call(fetch, world["officer"]),
            "matter of another firm": self.caller.call(OPERATIONS["matters.get"], world["other_attorney"]),
            "invitation with unknown fields": self.caller.call(
                OPERATIONS["invitations.create"], world["firm_admin"], {"unknown": 1}
            ),
            "factor that is wrong": self.caller.call(
                OPERATIONS["step_up.confirm"], world["officer"], {"code": "000000"}
            ),
        }

    def person_for(self, operation: Operation) -> Person:
        people = [self.world[name] for name in PEOPLE] + [self.world.operator]
        return next(person for person in people if may(person, self.world, tuple(operation.scopes)))

    def public_bodies(self) -> dict[str, dict[str, str]]:
        """Words that the public operations would accept."""
        tokens = self.leaver.client.tokens
        assert tokens is not None
        who = {"email": "late@example.com", "password": "correct horse battery"}
        return {
            "sign_in.password": {"email": self.leaver.email, "password": self.leaver.password},
            "join.redeem": {"code": self.invitation, "name": "Late", **who},
            "tokens.refresh": {"refresh_token": tokens.refresh, "acting_for": tokens.acting_for},
        }

    def _ask(self, name: str, body: dict[str, str]) -> httpx.Response:
        return self.caller.call(OPERATIONS[name], None, body)
