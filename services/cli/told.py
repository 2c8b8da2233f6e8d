"""What goes wrong in a command over the client, as a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told() -> Iterator[None]:
    """Refuse with a sentence instead of a traceback."""
    import httpx

    from clients.python.redwell_client import RedwellClientError
    from services.cli.app import refuse
    from services.cli.files.places import PlaceError
    from services.cli.files.session import NotSignedInError
    from services.cli.files.signing import LoginError

    try:
        yield
    except (LoginError, NotSignedInError, PlaceError, RedwellClientError) as error:
        refuse(error)
    except httpx.HTTPError as error:
        refuse(f"Redwell cannot be reached: {str(error) or type(error).__name__}")
    except OSError as error:
        refuse(f"{error.filename or 'A file'}: {error.strerror or error}")


@contextmanager
def told_to_go_on() -> Iterator[None]:
    """As `told`, of what the same command goes on with; an interruption says so."""
    import typer

    try:
        with told():
            yield
    except KeyboardInterrupt:
        from services.cli.files.outcome import INTERRUPTED, ON_FROM_HERE, leave

        typer.echo(f"redwell: Stopped; {ON_FROM_HERE}.", err=True)
        leave(INTERRUPTED)
