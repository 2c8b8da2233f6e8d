"""The courier's statements. They look past single tenants; its policies name the tables it may see."""

DUE = "SELECT tenant_id, id FROM outbox WHERE next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT $2"
"""$1 now, $2 how many."""

CLAIM = """
UPDATE outbox SET
    attempts = attempts + 1,
    next_attempt_at = $3 + least(interval '1 hour', interval '15 seconds' * 2 ^ least(attempts, 10))
WHERE tenant_id = $1 AND id = $2 AND next_attempt_at <= $3
RETURNING tenant_id, id, kind, about, letter_sealed, created_at, expires_at, attempts, next_attempt_at
"""
"""Committed before the attempt: whatever goes wrong in it, the next one waits, longer each time."""

REMOVE = "DELETE FROM outbox WHERE tenant_id = $1 AND id = $2"
