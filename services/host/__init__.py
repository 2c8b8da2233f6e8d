"""Composition of one machine: embedded Postgres, supervisor, listening sockets and HTTP protocol limits."""
