"""Engagements: a firm admits a provider, for a term."""
