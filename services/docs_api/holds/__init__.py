"""Holds: what must be kept while a duty to preserve lasts."""
