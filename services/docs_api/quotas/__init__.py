"""Quotas: how much content a firm and a matter may hold, and what they hold."""
