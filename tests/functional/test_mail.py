"""Invitations by mail, from the act to the message, in both shapes."""

from uuid import UUID

import pytest

from clients.python.redwell_client.errors import ProblemError
from tests.functional.mailing import code_in, invitation, kept, mail_events, new_address
from tests.harness.eventually import eventually
from tests.harness.instance import Instance
from tests.harness.people import World, join
from tests.harness.rows import rows


def test_the_code_goes_to_the_address_invited_and_nowhere_else(instance: Instance, world: World) -> None:
    email = new_address()
    made = invitation(world["firm_admin"], email)
    assert made["code"] is None
    (message,) = eventually(lambda: kept(instance, email))
    assert message["Subject"] == "You are invited to Redwell"
    assert f"--url {instance.url} rw_inv_" in message.get_content()
    joined = join(instance, code_in(message), "mailed", email)
    assert joined.roles == ["compliance_officer"]
    joined.client.close()


def test_what_was_mailed_is_recorded_and_no_longer_held(instance: Instance, world: World) -> None:
    email = new_address()
    made = invitation(world["firm_admin"], email)
    (event,) = eventually(lambda: mail_events(instance, made["id"]))
    assert (event["type"], event["outcome"], event["tenant"]) == ("mail.sent", "info", world.firm)
    assert event["change"] == {"about": made["id"], "attempts": 1, "kind": "invitation"}
    assert "actor" not in event
    assert rows(instance, "SELECT 1 FROM outbox WHERE about = $1", UUID(made["id"])) == []
    (file,) = [path for path in instance.mail.iterdir() if path.stem == event["object"]["id"]]
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_code_comes_in_the_reply_unless_it_is_to_be_mailed(instance: Instance, world: World) -> None:
    email = new_address()
    assert invitation(world["firm_admin"], email, "reply")["code"].startswith("rw_inv_")
    mailed = new_address()
    invitation(world["firm_admin"], mailed)
    eventually(lambda: kept(instance, mailed))
    assert kept(instance, email) == []


def test_a_refused_invitation_mails_nothing(instance: Instance, world: World) -> None:
    with pytest.raises(ProblemError) as refused:
        invitation(world["firm_admin"], world["attorney"].email)
    assert refused.value.status == 409
    assert rows(instance, "SELECT 1 FROM outbox WHERE kind = 'invitation' AND attempts > 1") == []
    mails = [message.get_content() for message in kept(instance, world["attorney"].email)]
    assert [text for text in mails if "rw_inv_" in text] == []
