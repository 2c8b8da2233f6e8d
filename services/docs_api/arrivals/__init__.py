"""Versions between their last byte and being available: verified, scanned, and then there or not."""
