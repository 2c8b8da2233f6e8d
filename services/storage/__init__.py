"""Where sealed objects lie: one protocol, real stores behind it. Knows nothing of what the bytes mean."""
