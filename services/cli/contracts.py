"""`redwell contracts`: writes `contracts/` from the services, or says that it is not what they serve."""

import json
import tempfile
from pathlib import Path

from services.evidence.service import VERSION
from services.gateway.app import gateway_operations_app
from services.host.composition import FACTORIES
from services.kernel.clock import system_clock
from services.kernel.contracts import OPENAPI_FILE, OPERATIONS_FILE
from services.kernel.http.documents import merged_document
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory
from services.tables.roles import LOGIN_ROLES


def generated() -> dict[Path, str]:
    """The text of each contract file, from the code alone: nothing is connected to."""
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys"
        KeyDirectory(keys).ensure()
        settings = Settings(
            keys=keys,
            objects=Path(folder) / "objects",
            database_host="/nowhere",
            database_passwords=json.dumps(dict.fromkeys(LOGIN_ROLES, "unused")),
        )
        apps = [factory(settings, system_clock) for factory in FACTORIES.values()]
    gateway = gateway_operations_app()
    served = [*gateway.operations, *(row for app in apps for row in app.operations)]
    operations = [row.to_json() for row in sorted(served, key=lambda row: row.id)]
    document = merged_document([*apps, gateway], VERSION)
    return {OPERATIONS_FILE: _text({"operations": operations}), OPENAPI_FILE: _text(document)}


def write() -> list[str]:
    """Write what differs; returns the names of the files written."""
    changed = []
    for path, text in generated().items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            changed.append(path.name)
    return changed


def stale() -> list[str]:
    """The names of the files that are not what the services serve."""
    return [path.name for path, text in generated().items() if not path.exists() or path.read_text() != text]


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
