"""Devices, which cannot ask for two factors, are signed in by somebody who has shown them (RFC 8628)."""
