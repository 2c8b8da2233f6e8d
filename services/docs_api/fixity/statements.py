"""The verifier's statements. They look past single tenants; its policies name the tables they may see."""

from typing import Final

_SELECTED: Final = """
FROM versions v
JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id
LEFT JOIN version_checks c ON c.tenant_id = v.tenant_id AND c.version_id = v.id
WHERE v.state = 'available' AND c.run_id IS DISTINCT FROM $1
    AND ($2::uuid IS NULL OR v.tenant_id = $2) AND ($3::uuid IS NULL OR d.matter_id = $3)
    AND ($4::uuid IS NULL OR v.id = $4)
    AND ($5::timestamptz IS NULL OR c.checked_at IS NULL OR c.checked_at < $5
        OR c.finding IS NOT NULL OR ($6 AND NOT c.opened))
"""
"""$1 the run, $2 firm, $3 matter, $4 version, $5 found well since, $6 whether opened."""

REMAINING: Final = f"""
SELECT count(DISTINCT (v.tenant_id, v.id)) AS versions,
    coalesce(sum(s.sealed_bytes), 0)::bigint AS sealed_bytes
FROM (SELECT v.tenant_id, v.id {_SELECTED}) v
LEFT JOIN segments s ON s.tenant_id = v.tenant_id AND s.version_id = v.id
"""  # noqa: S608 -- constants

NEXT: Final = f"""
SELECT v.tenant_id, v.id, v.document_id, d.matter_id, v.length_bytes, v.sha256, v.segment_count,
    v.wrapped_data_key, v.matter_key_id
{_SELECTED} AND (v.tenant_id, v.id) > ($7::uuid, $8::uuid)
ORDER BY v.tenant_id, v.id LIMIT 1
"""
"""The version after $7, $8."""

KEYS: Final = """
SELECT m.wrapped AS matter_wrapped, f.id AS firm_key_id, f.root AS firm_root,
    f.wrapped AS firm_wrapped,
    EXISTS (
        SELECT FROM firm_roots r WHERE r.tenant_id = f.tenant_id AND r.revoked_at IS NOT NULL
    ) AS firm_revoked
FROM matter_keys m JOIN firm_keys f ON f.tenant_id = m.tenant_id AND f.id = m.firm_key_id
WHERE m.tenant_id = $1 AND m.id = $2
"""

SEGMENTS: Final = """
SELECT ordinal, offset_bytes, length_bytes, object_key, sealed_bytes, sealed_sha256
FROM segments WHERE tenant_id = $1 AND version_id = $2 ORDER BY ordinal
"""

CHECKED: Final = """
INSERT INTO version_checks (tenant_id, version_id, run_id, checked_at, opened, sealed_bytes, finding)
SELECT v.tenant_id, v.id, $3, $4, $5, $6, $7 FROM versions v
WHERE v.tenant_id = $1 AND v.id = $2 AND v.state = 'available'
ON CONFLICT (tenant_id, version_id) DO UPDATE SET run_id = excluded.run_id,
    checked_at = excluded.checked_at, opened = excluded.opened, sealed_bytes = excluded.sealed_bytes,
    finding = excluded.finding
RETURNING true
"""
"""Nothing where the version went away while it was read."""

UNFINISHED: Final = """
SELECT id, started_at FROM fixity_runs
WHERE tenant_id = $1 AND state = 'running' AND selection = $2 ORDER BY id DESC LIMIT 1
"""
ABANDON: Final = "UPDATE fixity_runs SET state = 'abandoned' WHERE tenant_id = $1 AND state = 'running'"
BEGIN: Final = """
INSERT INTO fixity_runs (tenant_id, id, state, selection, whole, started_at)
VALUES ($1, $2, 'running', $3, $4, $5)
"""
END: Final = """
UPDATE fixity_runs SET state = 'ended', ended_at = $3, versions = $4, damaged = $5, sealed_bytes = $6,
    unnamed = $7
WHERE tenant_id = $1 AND id = $2
"""

BY_FIRM: Final = """
SELECT tenant_id, count(*) AS versions, count(finding) AS damaged, count(*) FILTER (WHERE opened) AS opened,
    sum(sealed_bytes)::bigint AS sealed_bytes
FROM version_checks WHERE run_id = $1 GROUP BY tenant_id ORDER BY tenant_id
"""

DAMAGED: Final = """
SELECT c.tenant_id, d.matter_id, v.document_id, c.version_id, c.finding FROM version_checks c
JOIN versions v ON v.tenant_id = c.tenant_id AND v.id = c.version_id
JOIN documents d ON d.tenant_id = v.tenant_id AND d.id = v.document_id
WHERE c.run_id = $1 AND c.finding IS NOT NULL ORDER BY c.tenant_id, c.version_id
"""

CANARY: Final = "SELECT wrapped FROM root_canaries WHERE tenant_id = $1 AND id = $2"
"""Of one root key."""

KNOWN_OBJECTS: Final = "SELECT object_key FROM segments WHERE object_key = ANY($1)"
