"""Statements of notices. The courier's role reads ids, times and sealed addresses; no word of a matter."""

BEHIND = """
SELECT t.tenant_id, coalesce(p.next_index, 0) AS first, t.size
FROM trees t LEFT JOIN reading_places p ON p.tenant_id = t.tenant_id AND p.consumer = $1
WHERE t.size > coalesce(p.next_index, 0)
"""

HAPPENED = """
WITH places AS MATERIALIZED (
    SELECT tenant_id, idx, event_id FROM leaves WHERE tenant_id = $1 AND idx >= $2 AND idx < $3
)
SELECT e.id, e.type, e.outcome, e.at, e.object_id
FROM places p CROSS JOIN LATERAL (
    SELECT id, type, outcome, at, object_id FROM events
    WHERE tenant_id = p.tenant_id AND id = p.event_id OFFSET 0
) e
WHERE e.type = ANY($4) AND e.at > $5
ORDER BY p.idx
"""
"""What people are told of, at the places from $2 up to but without $3, not longer ago than $5.

Each event is looked up by its id: read by time, all of the last days would be read at every round.
"""

ADVANCE = """
INSERT INTO reading_places (tenant_id, consumer, next_index) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, consumer) DO UPDATE SET next_index = excluded.next_index
"""

GIVE = """
INSERT INTO notices (tenant_id, member_id, kind, about, given_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING member_id
"""

_MEMBER = "m.tenant_id, m.id AS member_id, m.email_sealed"
_GRANT = "g.id AS about, g.matter_id, g.ends_at"
_HOLDS = """(m.id = g.member_id OR g.team_id IS NOT NULL AND EXISTS (
    SELECT FROM team_members w JOIN teams t ON t.tenant_id = w.tenant_id AND t.id = w.team_id
    WHERE w.tenant_id = g.provider_id AND w.team_id = g.team_id AND w.member_id = m.id AND t.state = 'active'
))"""
"""As `held_by` says it of the vault's own queries: `m` holds `g` by name, or in a team, now."""

HOLDER = f"""
SELECT {_MEMBER}, {_GRANT}
FROM grants g JOIN members m ON m.tenant_id = g.provider_id AND {_HOLDS}
WHERE g.tenant_id = $1 AND g.id = $2 AND m.state = 'active' AND $3::timestamptz IS NOT NULL
"""  # noqa: S608 -- constants
"""The holders of a grant. As in all of these: $1 tenant of the event, $2 its object, $3 when it was."""

ASKED = f"""
SELECT {_MEMBER}, r.id AS about, r.matter_id
FROM access_requests r
JOIN matter_people p ON p.tenant_id = r.tenant_id AND p.matter_id = r.matter_id
JOIN members m ON m.tenant_id = r.tenant_id AND m.id = p.member_id AND m.state = 'active'
WHERE r.tenant_id = $1 AND r.id = $2 AND $3::timestamptz IS NOT NULL AND EXISTS (
    SELECT FROM member_roles o WHERE o.tenant_id = m.tenant_id AND o.member_id = m.id AND o.role = 'attorney'
)
"""  # noqa: S608 -- constants
"""The attorneys of the matter that an access request is about."""

QUARANTINED = f"""
SELECT {_MEMBER}, d.id AS about, d.matter_id
FROM documents d
JOIN matter_people p ON p.tenant_id = d.tenant_id AND p.matter_id = d.matter_id
JOIN members m ON m.tenant_id = d.tenant_id AND m.id = p.member_id AND m.state = 'active'
WHERE d.tenant_id = $1 AND d.id = $2 AND $3::timestamptz IS NOT NULL AND EXISTS (
    SELECT FROM member_roles o WHERE o.tenant_id = m.tenant_id AND o.member_id = m.id AND o.role = 'attorney'
)
"""  # noqa: S608 -- constants
"""The attorneys of the matter of a document."""

ANSWERED = f"""
SELECT {_MEMBER}, r.id AS about, r.matter_id
FROM access_requests r
JOIN members m ON m.tenant_id = r.provider_id AND m.id IN (r.member_id, r.requested_by)
WHERE r.tenant_id = $1 AND r.id = $2 AND m.state = 'active' AND $3::timestamptz IS NOT NULL
"""  # noqa: S608 -- constants
"""Who made an access request, and whom it is for."""

ENGAGED = f"""
SELECT {_MEMBER}, e.id AS about
FROM engagements e JOIN members m ON m.tenant_id = e.provider_id AND m.state = 'active'
WHERE e.tenant_id = $1 AND e.id = $2 AND (
    EXISTS (
        SELECT FROM grants g
        WHERE g.tenant_id = e.tenant_id AND g.engagement_id = e.id AND g.provider_id = m.tenant_id
            AND {_HOLDS} AND g.revoked_at IS NULL AND g.ends_at > $3
    ) OR EXISTS (
        SELECT FROM member_roles r
        WHERE r.tenant_id = m.tenant_id AND r.member_id = m.id AND r.role = 'provider_admin'
    )
)
"""  # noqa: S608 -- constants
"""The provider's people who held grants under an engagement when it ended, and its administrators."""

SIGNED_IN = f"""
SELECT {_MEMBER}, s.id AS about
FROM sessions s JOIN members m ON m.tenant_id = s.tenant_id AND m.id = s.member_id
WHERE s.tenant_id = $1 AND s.id = $2 AND m.state = 'active' AND $3::timestamptz IS NOT NULL
"""  # noqa: S608 -- constants
"""Whose session it was."""

ACCOUNT = f"""
SELECT {_MEMBER}, m.id AS about
FROM members m
WHERE m.tenant_id = $1 AND m.id = $2 AND m.state <> 'enrolling' AND $3::timestamptz IS NOT NULL
"""  # noqa: S608 -- constants
"""Whose account it is."""

ADMINISTRATORS = f"""
SELECT {_MEMBER}, $2::uuid AS about
FROM members m
WHERE m.tenant_id = $1 AND m.state = 'active' AND $3::timestamptz IS NOT NULL AND EXISTS (
    SELECT FROM member_roles r WHERE r.tenant_id = m.tenant_id AND r.member_id = m.id
        AND r.role IN ('firm_admin', 'provider_admin', 'operator')
)
"""  # noqa: S608 -- constants
"""Who administers the organization."""

ENDING = f"""
SELECT {_MEMBER}, {_GRANT}, g.tenant_id AS firm
FROM grants g
JOIN engagements e ON e.tenant_id = g.tenant_id AND e.id = g.engagement_id
JOIN members m ON m.tenant_id = g.provider_id AND {_HOLDS}
WHERE g.revoked_at IS NULL AND g.ends_at > $1 AND g.ends_at <= $2 AND g.created_at <= g.ends_at - ($2 - $1)
    AND e.state = 'active' AND (e.ends_at IS NULL OR e.ends_at > $1) AND m.state = 'active'
    AND NOT EXISTS (
        SELECT FROM notices n
        WHERE n.tenant_id = m.tenant_id AND n.member_id = m.id AND n.kind = $3 AND n.about = g.id
    )
ORDER BY g.ends_at LIMIT $4
"""  # noqa: S608 -- constants
"""Grants that end between $1 and $2 and were given for longer than that, whose holders were not told."""
