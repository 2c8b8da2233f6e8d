from pathlib import Path

import pytest

from services.host.edge import EdgeOptions, prepare_run_folder, render_nginx
from services.host.errors import HostError
from services.host.listeners import Address


def options(**change: object) -> EdgeOptions:
    ports = {
        name: Address("127.0.0.1", port)
        for port, name in enumerate(("gateway", "auth", "docs", "audit"), 7001)
    }
    fields: dict[str, object] = {
        "listen": Address("::", 8443),
        "host": "files.example",
        "chain": Path("/etc/red well/chain.pem"),
        "key": Path("/etc/red well/key.pem"),
        "run": Path("/run/redwell"),
        **ports,
        **change,
    }
    return EdgeOptions(**fields)  # type: ignore[arg-type] # as named above


def test_every_value_stands_in_its_place_and_no_placeholder_is_left() -> None:
    text = render_nginx(options())
    assert "@" not in text
    assert "listen [::]:8443 ssl;" in text
    assert 'ssl_certificate "/etc/red well/chain.pem";' in text
    assert "upstream redwell_docs { server 127.0.0.1:7003;" in text


@pytest.mark.parametrize(
    "line",
    [
        "proxy_request_buffering off;",
        "proxy_buffering off;",
        "proxy_max_temp_file_size 0;",
        "client_max_body_size 0;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        "server_tokens off;",
        "proxy_http_version 1.1;",
        "access_log off;",
    ],
)
def test_content_is_never_kept_and_tls_is_new(line: str) -> None:
    assert line in render_nginx(options())


@pytest.mark.parametrize("host", ["", "a b", 'a"', "a;b", "a{", "$host", "a\n", "a\\"])
def test_a_value_that_would_be_configuration_is_refused(host: str) -> None:
    with pytest.raises(HostError, match="host"):
        render_nginx(options(host=host))


def test_the_run_folder_gets_its_folders(tmp_path: Path) -> None:
    prepare_run_folder(tmp_path / "run")
    prepare_run_folder(tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "body",
        "proxy",
        "fastcgi",
        "uwsgi",
        "scgi",
    }


@pytest.mark.parametrize(
    ("host", "below"),
    [
        ("files.example", True),
        ("files.example:8443", True),
        ("localhost:8443", False),
        ("redwell.localhost", False),
        ("127.0.0.1:8443", False),
        ("[::1]:8443", False),
        ("intranet", False),
    ],
)
def test_names_below_a_local_host_are_not_bound_to_tls(host: str, below: bool) -> None:  # noqa: FBT001
    text = render_nginx(options(host=host))
    assert 'add_header strict-transport-security "max-age=63072000' in text
    assert ("includeSubDomains" in text) is below
