"""`docs/errors.md` against the code: every problem that any room can answer with is there once."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator

import services
from services.kernel.problems import RedwellError
from tests.harness.instance import ROOT

ROW = re.compile(r"^\| `([a-z-]+)` \| (\d{3}) \| (.+) \| (.+) \|$", re.MULTILINE)
# Importing these starts something.
PROGRAMS = ("__main__", "services.host.launch", "services.cli.bootstrap")


def described() -> list[tuple[str, int]]:
    text = (ROOT / "docs" / "errors.md").read_text()
    return [(slug, int(status)) for slug, status, _, _ in ROW.findall(text)]


def raised() -> dict[str, list[type[RedwellError]]]:
    """The classes that name a slug of their own; one that only inherits it looks the same outside."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith(PROGRAMS):
            importlib.import_module(module.name)
    found: dict[str, list[type[RedwellError]]] = {}
    for problem in _descendants(RedwellError):
        if "slug" in vars(problem):
            found.setdefault(problem.slug, []).append(problem)
    return found


def _descendants(parent: type[RedwellError]) -> Iterator[type[RedwellError]]:
    for child in parent.__subclasses__():
        if child.__module__.startswith("services."):
            yield child
            yield from _descendants(child)


def test_every_slug_is_one_problem() -> None:
    shared = {slug: classes for slug, classes in raised().items() if len(classes) > 1}
    assert not shared


def test_every_problem_is_described() -> None:
    known = dict(described())
    missing = [
        f"| `{slug}` | {problem.status} | {problem.title}. | (what to do) |"
        for slug, (problem, *_) in sorted(raised().items())
        if known.get(slug) != problem.status
    ]
    assert not missing, "docs/errors.md lacks, or has with another status:\n" + "\n".join(missing)


def test_nothing_is_described_that_does_not_exist() -> None:
    extra = sorted(dict(described()).keys() - raised().keys())
    assert not extra, f"docs/errors.md describes what nothing raises: {', '.join(extra)}"


def test_nothing_is_described_twice() -> None:
    twice = sorted(slug for slug, times in Counter(slug for slug, _ in described()).items() if times > 1)
    assert not twice, f"docs/errors.md has more than one row for: {', '.join(twice)}"
