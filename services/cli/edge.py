"""`redwell edge`: nginx's configuration for the services shape, from the template in `deploy/nginx`."""

from pathlib import Path
from urllib.parse import urlsplit

from services.cli.up import settings_from_environment
from services.host.edge import EdgeOptions, prepare_run_folder, render_nginx
from services.host.errors import HostError
from services.host.listeners import Address
from services.host.server import TLSFiles
from services.kernel.clock import system_clock
from services.keys.certificates import ensure_certificates

# Where docs/operations.md starts the services.
SERVICES = {
    "gateway": Address("127.0.0.1", 9001),
    "auth": Address("127.0.0.1", 9002),
    "docs": Address("127.0.0.1", 9003),
    "audit": Address("127.0.0.1", 9004),
}


def addresses(given: list[str]) -> dict[str, Address]:
    """Where each service listens: the documented places, changed by `NAME=HOST:PORT` words.

    Raises:
        HostError: a word is not of this form, or names no service.
    """
    places = dict(SERVICES)
    for word in given:
        name, _, place = word.partition("=")
        if name not in places:
            raise HostError(
                f"{word!r} names no service; write one of {', '.join(places)}, as docs=10.0.0.3:9003."
            )
        places[name] = Address.parse(place)
    return places


def write_edge(data: Path, listen: str, tls: TLSFiles | None, services: list[str]) -> Path:
    """Write `nginx.conf` and the folders it needs below `data`; returns the file.

    Args:
        data: the folder that `prepare` was given.
        listen: where nginx listens, HOST:PORT.
        tls: certificate and key; None makes one with a local CA below `data`.
        services: `NAME=HOST:PORT` words.

    Raises:
        HostError: the public URL is missing, or a value cannot stand in the configuration.
    """
    url = settings_from_environment().get("REDWELL_PUBLIC_URL", "")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/"):
        raise HostError(f"REDWELL_PUBLIC_URL is {url!r}; it must be https://HOST or https://HOST:PORT.")
    data = data.absolute()
    files = tls or _local_certificate(data / "tls", parts.hostname)
    run = data / "nginx"
    options = EdgeOptions(
        listen=Address.parse(listen),
        host=parts.netloc,
        chain=files.chain,
        key=files.key,
        run=run,
        **addresses(services),
    )
    text = render_nginx(options)
    prepare_run_folder(run)
    configuration = run / "nginx.conf"
    configuration.write_text(text)
    return configuration


def _local_certificate(folder: Path, name: str) -> TLSFiles:
    paths = ensure_certificates(folder, sorted({"localhost", "127.0.0.1", name}), system_clock())
    return TLSFiles(paths.chain, paths.key)
