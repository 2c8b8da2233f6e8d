"""Documents: created, described, listed."""
