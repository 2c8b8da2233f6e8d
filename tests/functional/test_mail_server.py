"""An instance of its own, whose clock moves and whose mail goes to a real server that can fail."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from clients.python.redwell_client.errors import ProblemError
from tests.functional.auth.asking import renew
from tests.functional.mailing import invitation, mail_events, new_address
from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import Instance
from tests.harness.mailbox import Mailbox, mail_server
from tests.harness.people import Person, join, organization
from tests.harness.rows import row


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mail_server("off") as box:
        yield box


@pytest.fixture(scope="module")
def mailing(box: Mailbox) -> Iterator[Instance]:
    settings = {
        "REDWELL_MAIL_URL": f"smtp://127.0.0.1:{box.port}?tls=off",
        "REDWELL_MAIL_FROM": "no-reply@example.com",
    }
    with throwaway_folder() as folder:
        instance = Instance(folder, settings=settings)
        try:
            yield instance.start()
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


@pytest.fixture(scope="module")
def founder(mailing: Instance) -> Iterator[Person]:
    operator = join(mailing, mailing.operator_code, "operator")
    _, person = organization(mailing, operator, "firm", "Quay & Co")
    yield person
    person.client.close()
    operator.client.close()


@pytest.fixture
def admin(mailing: Instance, founder: Person, box: Mailbox) -> Person:
    """An administrator, signed in just now, of a firm whose mail goes."""
    box.answer = "250 taken"
    return renew(mailing, founder)


def test_two_workers_send_a_mail_once(mailing: Instance, box: Mailbox, admin: Person) -> None:
    addresses = [new_address() for _ in range(6)]
    made = [invitation(admin, address)["id"] for address in addresses]
    eventually(lambda: all(mail_events(mailing, each) for each in made))
    assert [len(box.to(address)) for address in addresses] == [1] * 6
    assert {message["From"] for message in box.received} == {"Redwell <no-reply@example.com>"}
    assert not mailing.mail.exists()


def test_a_server_that_says_not_now_is_asked_again_later(
    mailing: Instance, box: Mailbox, admin: Person
) -> None:
    email, box.answer = new_address(), "451 not now"
    before = box.attempts
    made = invitation(admin, email)
    eventually(lambda: box.attempts == before + 1)
    box.answer = "250 taken"
    assert mail_events(mailing, made["id"]) == []
    held = row(mailing, "SELECT * FROM outbox WHERE about = $1", UUID(made["id"]))
    assert not any(word in held["letter_sealed"] for word in (b"rw_inv_", email.encode(), b"Quay"))
    mailing.clock.advance(16)
    (event,) = eventually(lambda: mail_events(mailing, made["id"]))
    assert event["change"]["attempts"] == 2
    assert len(box.to(email)) == 1


def test_a_refused_mail_is_given_up_at_once(mailing: Instance, box: Mailbox, admin: Person) -> None:
    box.answer = "550 never"
    made = invitation(admin, new_address())
    (event,) = eventually(lambda: mail_events(mailing, made["id"]))
    box.answer = "250 taken"
    assert (event["type"], event["outcome"], event["reason"]) == ("mail.given_up", "failed", "refused")
    assert row(mailing, "SELECT count(*) FROM outbox")[0] == 0


def test_a_mail_outlives_the_process_that_was_to_send_it(
    mailing: Instance, box: Mailbox, admin: Person
) -> None:
    email, box.answer = new_address(), "451 not now"
    before = box.attempts
    made = invitation(admin, email)
    eventually(lambda: box.attempts == before + 1)
    mailing.stop()
    box.answer = "250 taken"
    mailing.clock.advance(16)
    mailing.start()
    eventually(lambda: mail_events(mailing, made["id"]))
    assert len(box.to(email)) == 1


def test_a_mail_is_given_up_when_its_invitation_is_over(
    mailing: Instance, box: Mailbox, admin: Person
) -> None:
    box.answer = "451 not now"
    before = box.attempts
    made = invitation(admin, new_address())
    eventually(lambda: box.attempts == before + 1)
    mailing.clock.advance(73 * 3600)
    (event,) = eventually(lambda: mail_events(mailing, made["id"]))
    box.answer = "250 taken"
    assert (event["type"], event["reason"]) == ("mail.given_up", "expired")


def test_without_a_mail_server_a_code_comes_in_the_reply_or_not_at_all(
    mailing: Instance, founder: Person
) -> None:
    mailing.stop()
    told = mailing.settings
    mailing.settings = {**told, "REDWELL_MAIL_URL": ""}
    mailing.start()
    try:
        admin = renew(mailing, founder)
        with pytest.raises(ProblemError) as refused:
            invitation(admin, new_address())
        assert (refused.value.status, refused.value.slug) == (409, "mail-not-set-up")
        assert invitation(admin, new_address(), "reply")["code"].startswith("rw_inv_")
    finally:
        mailing.stop()
        mailing.settings = told
        mailing.start()
