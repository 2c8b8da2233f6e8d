"""The sweeper's statements. They look past single tenants; its policies name the tables they may see."""

_CLOSED = "u.tenant_id, u.id, u.matter_id, u.document_id, u.version_id, u.kind, u.state"

_GONE = """(
    EXISTS (
        SELECT FROM members m
        WHERE m.tenant_id = uploads.tenant_id AND m.id = uploads.member_id
            AND m.state IN ('suspended', 'removed')
    ) OR EXISTS (
        SELECT FROM clients c
        WHERE c.tenant_id = uploads.tenant_id AND c.id = uploads.member_id AND c.expires_at <= $1
    ) OR EXISTS (
        SELECT FROM external_members e
        WHERE e.tenant_id = uploads.tenant_id AND e.member_id = uploads.member_id AND e.ends_at <= $1
    )
)"""
"""Who began it was suspended or removed, or their time here is over."""

ABANDON = f"""
WITH due AS (
    SELECT tenant_id, id FROM uploads
    WHERE state = 'open' AND (lease_expires_at IS NULL OR lease_expires_at <= $1)
        AND (expires_at <= $1 OR {_GONE})
    LIMIT $2 FOR UPDATE SKIP LOCKED
), closed AS (
    UPDATE uploads u SET state = 'abandoned', lease_owner = NULL, lease_expires_at = NULL
    FROM due WHERE u.tenant_id = due.tenant_id AND u.id = due.id
    RETURNING {_CLOSED}
), versions_closed AS (
    UPDATE versions v SET state = 'abandoned'
    FROM closed c WHERE v.tenant_id = c.tenant_id AND v.id = c.version_id AND v.state = 'receiving'
)
SELECT * FROM closed
"""  # noqa: S608 -- constants
"""Uploads that nobody is sending, and whose time is over or that of who began them: $1 now, $2 how many."""

INTERRUPT = f"""
WITH due AS (
    SELECT tenant_id, id FROM uploads
    WHERE state = 'open' AND lease_owner IS NOT NULL AND lease_expires_at + interval '30 seconds' <= $1
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE uploads u SET received_bytes = CASE u.kind WHEN 'tus' THEN u.received_bytes ELSE 0 END,
    lease_owner = NULL, lease_expires_at = NULL
FROM due WHERE u.tenant_id = due.tenant_id AND u.id = due.id
RETURNING {_CLOSED}
"""  # noqa: S608 -- constants
"""Uploads whose sender's process ended without a word: they open again, and what came by tus stays.

A lease that ran out only lately may be of a client that pauses for less than makes it too slow.
$1 now, $2 how many."""

RELEASED = f"""
WITH due AS (
    SELECT tenant_id, id FROM uploads
    WHERE state = 'rejected' AND received_bytes > 0 AND reason = ANY($1)
        AND NOT is_held(tenant_id, matter_id, document_id)
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE uploads u SET received_bytes = 0 FROM due WHERE u.tenant_id = due.tenant_id AND u.id = due.id
RETURNING {_CLOSED}, u.reason
"""  # noqa: S608 -- constants
"""Rejected uploads that were kept for a hold, which is there no more: $1 the reasons, $2 how many."""

FORGET_CAPABILITIES = "DELETE FROM upload_capabilities WHERE expires_at <= $1"
FORGET_SEGMENTS = "DELETE FROM segments WHERE tenant_id = $1 AND version_id = $2"
KNOWN_OBJECTS = "SELECT object_key FROM segments WHERE object_key = ANY($1)"
SOME_FIRM_KEY = """
SELECT tenant_id, id, root, wrapped, names_wrapped FROM firm_keys WHERE position(':' in root) = 0 LIMIT 1
"""
"""One that lies under a root in a file."""
