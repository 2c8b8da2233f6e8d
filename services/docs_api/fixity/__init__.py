"""Fixity: reads again what was stored, compares it with what its rows say, and records what it found."""
