"""Mail: written into the outbox by acts, and carried from there by one process at a time."""
