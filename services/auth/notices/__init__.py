"""Notices: mail to the people whom an event concerns, each told once."""
