"""The same steps by hand: `curl` lines; and for an instance that is kept, how to sign in and to stop it."""

import shlex
import sys
from pathlib import Path

from services.cli.demo.instance import ROOT
from services.cli.demo.people import Person
from services.cli.demo.show import relative
from services.cli.demo.story import Story

PEOPLE_FILE = "people.txt"


def show_curl(story: Story) -> None:
    """Write two tokens to private files, and print the lines that use them."""
    show, instance, one = story.show, story.instance, story.granted()[0]
    show.chapter("The same by hand")
    curl = f'curl --cacert {shlex.quote(str(instance.ca))} -H "Authorization: Bearer $TOKEN"'
    content = f"{instance.url}/v1/documents/{one.document_id}/content"
    show.by_hand(
        f"As {story.cast.attorney.name}: list the matter, then fetch a document.",
        [
            _token_line(story, story.cast.attorney),
            f"{curl} {instance.url}/v1/matters/{story.matter}/documents",
            f"{curl} -o document{shlex.quote(one.file.path.suffix)} {content}",
        ],
    )
    show.by_hand(
        f"As {story.cast.granted.name}, whose grant is over: the same document is not there.",
        [_token_line(story, story.cast.granted), f"{curl} -i {content}"],
    )
    if not instance.kept:
        show.say("This instance is gone in a moment; run the demo with --keep to try these lines.")


def show_kept(story: Story) -> None:
    """How to use what was kept, and how to stop it."""
    instance, show = story.instance, story.show
    people = _write_people(story)
    python = shlex.quote(relative(Path(sys.executable)))
    redwell = shlex.quote(relative(ROOT / "redwell"))
    show.chapter("It keeps running")
    show.say(f"Redwell serves {instance.url}; everything is in {instance.folder}.")
    show.say("The tokens above are good for ten minutes. Afterwards, sign in as anybody of the story:")
    show.by_hand(
        "Addresses, passwords, and the secrets of the authenticators are here:",
        [f"cat {shlex.quote(str(people))}"],
    )
    show.by_hand(
        "The code that an authenticator shows now:",
        [f"{python} -c 'import pyotp, sys; print(pyotp.TOTP(sys.argv[1]).now())' SECRET"],
    )
    sign_in = f"curl --cacert {shlex.quote(str(instance.ca))} -H 'Content-Type: application/json'"
    show.by_hand(
        "Signing in: the first answer holds the challenge for the second line, the second answer the token.",
        [
            f'{sign_in} {instance.url}/v1/sign-in -d \'{{"email": "…", "password": "…"}}\'',
            f'{sign_in} {instance.url}/v1/sign-in/confirm -d \'{{"challenge": "…", "code": "…"}}\'',
        ],
    )
    bundle = shlex.quote(str(instance.work / "matter.zip"))
    show.by_hand("The proof, again:", [f"{redwell} audit verify {bundle} --pin {instance.fingerprint}"])
    show.by_hand("To stop it, which also removes everything it has kept:", [f"kill {instance.process.pid}"])


def _token_line(story: Story, person: Person) -> str:
    person.renew()
    assert person.client.tokens is not None
    first_name = person.name.partition(" ")[0].lower()
    file = _private(story.instance.work / f"{first_name}.token", person.client.tokens.access)
    return f"TOKEN=$(cat {shlex.quote(str(file))})"


def _write_people(story: Story) -> Path:
    lines = [
        f"{person.name}, {person.part}\n"
        f"    email     {person.email}\n    password  {person.password}\n    secret    {person.secret}\n"
        for person in story.cast.everybody()
    ]
    return _private(story.instance.work / PEOPLE_FILE, "".join(lines))


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
