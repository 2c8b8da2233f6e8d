"""Sealing of content: bytes in, bytes out; no clock, no store, no database."""
