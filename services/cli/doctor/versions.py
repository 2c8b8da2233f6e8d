"""What runs, against what was locked and what is still cared for by its makers."""

import re
from collections.abc import Mapping
from datetime import date

from services.cli.doctor.finding import Finding, fine, mend, note

AREA = "versions"
# Last day of security fixes. Sources: devguide.python.org/versions, postgresql.org/support/versioning.
PYTHON_ENDS = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
POSTGRES_ENDS = {
    15: date(2027, 11, 11),
    16: date(2028, 11, 9),
    17: date(2029, 11, 8),
    18: date(2030, 11, 14),
}
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?: ; ([^\\]+))?", re.MULTILINE)
_NAMED = 5


def python_version(version: tuple[int, int, int], today: date) -> Finding:
    text = "Python " + ".".join(str(part) for part in version)
    ends = PYTHON_ENDS.get(version[:2])
    if ends is not None and today > ends:
        return mend(
            AREA,
            f"{text} has had no security fixes since {ends}.",
            "Install a newer Python and remove .venv.",
        )
    return fine(AREA, f"{text}.")


def packages(lock: str, installed: Mapping[str, str]) -> Finding:
    """`lock`: text of requirements.lock. `installed`: version of each package, by its name in lower case."""
    differing = [
        f"{name} {installed.get(_normal(name), 'missing')} instead of {version}"
        for name, version, marker in _PINNED.findall(lock)
        if installed.get(_normal(name)) != version and not (marker and _normal(name) not in installed)
    ]
    if differing:
        named = ", ".join(differing[:_NAMED]) + (" and more" if len(differing) > _NAMED else "")
        return mend(
            AREA, f"Packages are not what the lock file names: {named}.", "Remove .venv and start again."
        )
    return fine(AREA, "Every package is the one that the lock file names.")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def postgres_version(version: int, today: date) -> Finding:
    """`version`: server_version_num, as 180003."""
    major, minor = divmod(version, 10000)
    ends = POSTGRES_ENDS.get(major)
    text = f"Postgres {major}.{minor}"
    if ends is not None and today > ends:
        return mend(AREA, f"{text} has had no security fixes since {ends}.", "Move to a newer major version.")
    return fine(AREA, f"{text}.")


def durable(settings: Mapping[str, str]) -> list[Finding]:
    """`settings`: of fsync, synchronous_commit and full_page_writes."""
    return [
        mend(
            AREA,
            f"Postgres runs with {name}=off: committed evidence could vanish.",
            f"Set {name}=on and restart it.",
        )
        for name, value in sorted(settings.items())
        if value == "off"
    ]


def schema(found: str | None, newest: str, known: frozenset[str]) -> Finding:
    """`found`: the revision in the database; `known`: those of this code, `newest` the last."""
    if found == newest:
        return fine(AREA, f"The schema is at revision {newest}, as the code wants it.")
    if found is None or found in known:
        then = "Start it with ./redwell up, or run ./redwell prepare: both migrate."
        return mend(AREA, f"The schema is at revision {found or 'none'}; the code wants {newest}.", then)
    then = "Run the newer Redwell that made it; an older one must not serve this database."
    return mend(AREA, f"The schema is at revision {found}, which this code does not know.", then)


def openssl(text: str) -> Finding:
    return note(AREA, f"{text}, kept up to date by the system or by Python's makers.")
