"""The Python client, as it lies in this repository."""
