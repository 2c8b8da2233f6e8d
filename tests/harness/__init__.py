"""Real instances for tests: the product as people start it, with a clock that tests move."""
