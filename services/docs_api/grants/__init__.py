"""Grants: what one of the provider's people may read, until when and what for."""
