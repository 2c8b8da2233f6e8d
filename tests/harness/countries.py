"""A file that says in which country an address is, written by a library that is not ours."""

from collections.abc import Mapping
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def countries_file(folder: Path, countries: Mapping[str, str]) -> Path:
    """Args: `countries` maps CIDR blocks to alpha-2 codes."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-Country")
    for block, code in countries.items():
        writer.insert_network(IPSet([block]), {"country": {"iso_code": code}})
    path = folder / "countries.mmdb"
    writer.to_db_file(str(path))
    path.chmod(0o644)
    return path
