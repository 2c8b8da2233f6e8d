"""What became of each file, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.text import Text

from services.cli.files.places import visible

DONE, FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state`: sent, version (a new one of what was there), fetched, skipped (it was there), or failed."""

    path: str
    document_id: str | None
    state: str
    length_bytes: int
    sha256: str | None = None
    problem: str | None = None


def tell(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    """Print them; the exit status."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if as_json:
        print(json.dumps({"files": [asdict(outcome) for outcome in outcomes], "failed": len(failed)}))
    else:
        _tell_people(outcomes, failed)
    return FAILED if failed else DONE


def _tell_people(outcomes: Sequence[Outcome], failed: Sequence[Outcome]) -> None:
    console = Console(highlight=False)
    for outcome in failed:
        console.print(Text.assemble(("failed ", "bold red"), visible(f"{outcome.path}: {outcome.problem}")))
    states = [outcome.state for outcome in outcomes]
    counted = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    console.print(Text(counted or "nothing to do"))
