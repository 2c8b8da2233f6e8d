"""What those who build Redwell run: its contracts, its tests, its benches."""

from typing import Annotated

import typer

FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the commands to the table."""
    app.command()(contracts)
    app.command("test", context_settings=FORWARDED)(run_tests)
    app.command("bench", context_settings=FORWARDED, add_help_option=False)(run_bench)


def contracts(
    *, check: Annotated[bool, typer.Option("--check", help="Only say whether they are stale.")] = False
) -> None:
    """Write contracts/ from the services."""
    from services.cli.contracts import stale, write

    names = stale() if check else write()
    print("\n".join(names) or "contracts/ is what the services serve")
    raise typer.Exit(1 if check and names else 0)


def run_tests(
    arguments: Annotated[
        list[str] | None, typer.Argument(help="unit, functional, … or words for pytest.")
    ] = None,
) -> None:
    """Run the checks and the tests; REDWELL_TEST_ALL=1 makes a missing part a failure."""
    from services.cli.testing import run

    raise typer.Exit(run(arguments or []))


def run_bench(
    arguments: Annotated[list[str] | None, typer.Argument(help="vault; --json, --full")] = None,
) -> None:
    """Measure this build beside its baselines, on this machine."""
    from services.cli.testing import bench

    raise typer.Exit(bench(arguments or []))
