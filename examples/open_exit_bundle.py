"""python open_exit_bundle.py BUNDLE PRIVATE_KEY FOLDER (docs/sealing-format.md, section 5)."""

import hashlib
import json
import re
import struct
import sys
import tarfile
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def take(bundle: IO[bytes], ending: str) -> bytes:
    member = tarfile.TarInfo.frombuf(bundle.read(512), "ascii", "strict")
    content, _padding = bundle.read(member.size), bundle.read(-member.size % 512)
    if not member.name.endswith(ending) or len(content) != member.size:
        raise ValueError("the bundle is cut off or out of order")
    return content


def open_version(bundle: IO[bytes], known: dict[str, Any], part: Path) -> None:
    ids = b"".join(UUID(known[name]).bytes for name in ("tenant", "matter", "document", "version"))
    digest, offset = hashlib.sha256(), 0
    with part.open("wb") as file:
        for ordinal in range(known["segments"]):
            context = b"redwell/segment/v1" + ids + struct.pack(">QQ", ordinal, offset)
            decryptor = Cobblestone256Decryptor(bytes.fromhex(known["data_key"]), context)
            plaintext = decryptor.update(take(bundle, f"/{ordinal:08}")) + decryptor.finalize()
            digest.update(plaintext)
            offset += file.write(plaintext)
    if (digest.hexdigest(), offset) != (known["sha256"], known["length"]):
        raise ValueError(f"version {known['version']} is not what was stored")


def main(bundle_file: str, key_file: str, folder: str) -> None:
    key: Any = load_pem_private_key(Path(key_file).read_bytes(), None)
    with Path(bundle_file).open("rb") as bundle:
        for _ in range(json.loads(take(bundle, "manifest.json"))["versions"]):
            take(bundle, "/manifest.json")
            known = json.loads(SUITE.decrypt(take(bundle, "/escrow"), key, b"redwell/exit/v1"))
            names = [known["state"], *filter(None, known["folder"].split("/")), known["name"]]
            place = Path(folder, *(re.sub(r'^\.+|[\x00-\x1f<>:"|?*\\/]', "_", name) for name in names))
            if place.exists():  # an older version, or another document of that name
                place = place.with_name(f"{known['version']} v{known['number']} {place.name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            open_version(bundle, known, part := place.with_name(f"{known['version']}.part"))
            sys.stdout.write(f"{known['sha256']}  {part.rename(place)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
