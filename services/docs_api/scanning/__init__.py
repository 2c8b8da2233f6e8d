"""Malware scanning: what is asked of a scanner, and what it says."""
