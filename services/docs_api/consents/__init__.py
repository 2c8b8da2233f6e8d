"""Consents: the client of a matter agrees that a provider works on it."""
