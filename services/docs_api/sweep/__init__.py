"""The sweeper: closes what was left open, and removes objects that nothing points at."""
