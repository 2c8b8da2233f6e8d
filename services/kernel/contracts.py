"""The committed contracts: `operations.json`, the policy table, and `openapi.json`, the whole document.

Both are generated from the services and compared with them at every start: what runs is what was reviewed.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from services.kernel.http.operation import Operation

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
OPERATIONS_FILE = CONTRACTS / "operations.json"
OPENAPI_FILE = CONTRACTS / "openapi.json"


class ContractMismatchError(RuntimeError):
    """The code serves other operations than the committed table says; the process must not start."""


def committed_operations() -> tuple[Operation, ...]:
    rows = json.loads(OPERATIONS_FILE.read_text())["operations"]
    return tuple(Operation.from_json(row) for row in rows)


def check_contract(service: str, served: Iterable[Operation]) -> None:
    """Refuse to start with operations that differ from the committed ones.

    Raises:
        ContractMismatchError: names the first operations that differ.
    """
    committed = {row for row in committed_operations() if row.service == service}
    different = sorted(row.id for row in committed ^ set(served))
    if different:
        raise ContractMismatchError(
            f"{service}: contracts/operations.json does not match the code at {', '.join(different[:5])}; "
            "run ./redwell contracts"
        )
