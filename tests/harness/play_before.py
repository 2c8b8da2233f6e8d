"""Makes data of an earlier release: run with that release's root as PYTHONPATH, so that all else is its own.

`python -P play_before.py FOLDER`. Prints one JSON object with who and what is in the data afterwards.
"""

import hashlib
import json
import sys
from pathlib import Path

from tests.harness.instance import Instance
from tests.harness.people import Person, World, build_world, join

PEOPLE = ("attorney", "paralegal", "ungranted", "officer", "firm_admin")
SIZES = (0, 70_000, 9_000_000)


def person(found: Person) -> dict[str, str]:
    return {"id": found.id, "email": found.email, "password": found.password, "secret": found.secret}


def documents(world: World, folder: Path) -> dict[str, str]:
    """Documents of several sizes, in the class that the paralegal is granted; digest by id."""
    world.grant(world["paralegal"], ["pleadings"])
    made = {}
    for size in SIZES:
        content = hashlib.shake_256(str(size).encode()).digest(size)
        document = world.put(folder, f"Before “{size}”.bin", content, "pleadings")
        made[document["id"]] = hashlib.sha256(content).hexdigest()
    world["paralegal"].client.fetch(next(iter(made)), folder / "fetched")
    return made


if __name__ == "__main__":
    place = Path(sys.argv[1])
    instance = Instance(place, workers=1).start()
    played = build_world(instance, join(instance, instance.operator_code, "operator"))
    facts = {
        "documents": documents(played, place),
        "people": {name: person(played[name]) for name in PEOPLE},
        "firm": played.firm,
        "matter": played.matter,
        "fingerprint": instance.fingerprint,
    }
    played.close()
    assert instance.stop() == 0
    print(json.dumps(facts))
