"""Many documents at once: the manifest of a set, and the set as one archive."""
