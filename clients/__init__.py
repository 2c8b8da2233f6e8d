"""Clients of the public API; none of them imports the server."""
