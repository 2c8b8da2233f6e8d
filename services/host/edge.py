"""The edge proxy's configuration, rendered from `deploy/nginx/redwell.conf.template`."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from services.host.errors import HostError, MalformedRequest, NoAnswer, RequestTimeout, URLTooLong
from services.host.listeners import Address
from services.kernel.http.admission import SAFE_HEADERS, strict_transport
from services.kernel.problems import (
    PROBLEM_TYPE,
    MethodNotAllowed,
    NotFound,
    RedwellError,
    problem_body,
)

REFUSALS: Final = (400, 401, 403, 404, 405, 412, 413, 415, 421, 428, 429, 503)
"""The statuses that the gateway refuses with. nginx can return only a status that it was configured with."""

TEMPLATE: Final = Path(__file__).resolve().parents[2] / "deploy" / "nginx" / "redwell.conf.template"
PASS: Final = TEMPLATE.with_name("redwell.pass.template")
FOLDERS: Final = ("body", "proxy", "fastcgi", "uwsgi", "scgi")

# Inside double quotes these are all that nginx reads as something else than text.
_UNSAFE: Final = re.compile(r"[\"'\\$;{}\s\x00-\x1f\x7f]")
_PLACEHOLDER: Final = re.compile(r"@([A-Z]+)@")
# A method that the product knows is answered by the gateway, with its own list.
_KNOWN_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


@dataclass(frozen=True)
class EdgeOptions:
    """Where the edge listens, what it shows, and where the four processes are.

    Attributes:
        listen: public address.
        host: host (and port) of the public URL.
        chain: PEM certificate chain.
        key: PEM private key.
        run: folder for the process id, the error log, and the temporary folders that stay empty.
        gateway: address of `redwell serve gateway`, and so on.
    """

    listen: Address
    host: str
    chain: Path
    key: Path
    run: Path
    gateway: Address
    auth: Address
    docs: Address
    audit: Address


def render_nginx(options: EdgeOptions) -> str:
    """A whole `nginx.conf`, for nginx 1.22 or newer with `auth_request`.

    Raises:
        HostError: a value cannot stand in the configuration.
    """
    told = {name.upper(): str(value) for name, value in vars(options).items()}
    for name, value in told.items():
        if not value or _UNSAFE.search(value.replace(" ", "") if name in _PATHS else value):
            raise HostError(f"The {name.lower()} {value!r} cannot stand in nginx's configuration.")
    made = {
        "SAFEHEADERS": _headers(options.host, {}),
        "REFUSALS": textwrap.indent("\n".join(_refusal(status) for status in REFUSALS), " " * 12),
        "PROBLEMS": "\n".join(
            _problem_location(options.host, name, problem) for name, problem in _PROBLEMS.items()
        ),
    }
    passed = textwrap.indent(PASS.read_text().rstrip(), " " * 12)
    text = TEMPLATE.read_text().replace("@PASS@", passed)
    return _PLACEHOLDER.sub(lambda match: (told | made)[match[1]], text)


def prepare_run_folder(run: Path) -> None:
    """Make the folders that nginx insists on."""
    for name in FOLDERS:
        (run / name).mkdir(mode=0o700, parents=True, exist_ok=True)


_PATHS: Final = frozenset({"CHAIN", "KEY", "RUN"})
_PROBLEMS: Final[dict[str, RedwellError]] = {
    "bad-request": MalformedRequest(),
    "not-found": NotFound(),
    "method-not-allowed": MethodNotAllowed(_KNOWN_METHODS),
    "request-timeout": RequestTimeout(),
    "url-too-long": URLTooLong(),
    "unavailable": NoAnswer(),
}


def _problem_location(host: str, name: str, problem: RedwellError) -> str:
    """A location that answers with `problem`, dressed as every answer is."""
    body = problem_body(problem, None).decode("ascii")
    if "'" in body or "$" in body:
        raise ValueError(f"{problem.slug}: its text cannot stand in nginx's configuration")
    return f"""
        location = /-redwell/{name} {{
            internal;
            default_type {PROBLEM_TYPE};
{_headers(host, problem.headers())}
            return {problem.status} '{body}';
        }}"""


def _headers(host: str, more: Mapping[str, str]) -> str:
    transport = strict_transport(urlsplit(f"//{host}").hostname or host)
    named = {name.decode(): value.decode() for name, value in (*SAFE_HEADERS, transport)} | dict(more)
    lines = [f'add_header {name.lower()} "{value}" always;' for name, value in named.items()]
    # nginx sends no header without a value.
    lines += [f"add_header {name} $redwell_tus always;" for name in ("tus-resumable", "tus-version")]
    return textwrap.indent("\n".join(lines), " " * 12)


def _refusal(status: int) -> str:
    return f"if ($redwell_status = {status}) {{ return {status} $redwell_problem; }}"
