"""Content in motion: bytes move with no transaction open, and access is asked again while they do."""
