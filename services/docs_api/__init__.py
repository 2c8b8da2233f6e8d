"""The vault: what a person may hold, from engagement to document."""
