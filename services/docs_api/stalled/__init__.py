"""Uploads that wait longer than they should, for the platform's operator: ids and reasons, and no more."""
