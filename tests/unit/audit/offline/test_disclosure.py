import json
from pathlib import Path
from uuid import UUID

import pytest

from services.audit.offline import canonical
from services.audit.offline.disclosure import build_disclosed, build_erased
from services.audit.offline.errors import DisclosureError
from services.audit.offline.verify import verify_bundle
from tests.factories.log import NAME, SALT, sample_disclosed, sample_log

LOG = sample_log()
DISCLOSED = sample_disclosed(LOG)
EVENT = json.loads(LOG.events[1])["id"]


@pytest.mark.parametrize(
    "lines",
    [
        [build_disclosed(EVENT, "actor_name", NAME + "x", SALT)],
        [build_disclosed(EVENT, "actor_name", NAME, SALT[::-1])],
        [build_disclosed(EVENT, "ip", NAME, SALT)],
        [build_disclosed(EVENT, "absent", NAME, SALT)],
        [build_disclosed(str(UUID(int=1)), "actor_name", NAME, SALT)],
        [DISCLOSED[0], DISCLOSED[0]],
        [DISCLOSED[1], DISCLOSED[0]],
        [build_erased(json.loads(LOG.events[2])["id"], "ip"), *DISCLOSED],
        [b""],
        [b"{}"],
        [canonical.encode({"event": EVENT, "field": "ip", "erased": False})],
        [canonical.encode({"event": EVENT, "field": "ip", "erased": True, "value": "x"})],
        [canonical.encode({"event": EVENT, "field": "ip", "value": "x", "salt": "AA=="})],
        [canonical.encode({"event": EVENT, "field": "ip", "value": "x", "salt": "\u00e4"})],
        [canonical.encode({"event": EVENT, "field": "ip", "value": "x"})],
        [canonical.encode({"event": EVENT, "field": None, "erased": True})],
    ],
)
def test_a_value_its_event_did_not_commit_to_is_refused(tmp_path: Path, lines: list[bytes]) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(LOG.bundle(disclosed=lines))
    with pytest.raises(DisclosureError):
        verify_bundle(path, LOG.pin)
