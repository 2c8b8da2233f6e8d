"""The command `receipt`: the proof of an event, saved for `audit verify`."""

from pathlib import Path
from typing import Annotated

import typer


def receipt(
    event: Annotated[str, typer.Argument(help="The event's id, or the whole Redwell-Event header.")],
    to: Annotated[Path | None, typer.Option(help="The file; receipt-EVENT.json if absent.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait until it is sealed.")] = 60,
) -> None:
    """Save the proof of an upload, a delivery or another act of yours, for `redwell audit verify`."""
    from services.cli.files.session import signed_in
    from services.cli.told import told

    with told(), signed_in() as person:
        proof = person.client.receipt(event, patience_seconds=wait)
        target = to or Path(f"receipt-{event.partition(';')[0]}.json")
        with target.open("xb") as opened:  # a receipt that is there already is not replaced
            opened.write(proof)
    print(f"Saved in {target}; prove it with: redwell audit verify {target}")
