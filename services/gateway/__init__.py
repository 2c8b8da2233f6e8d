"""The gateway: the only public door. It decides from the head of a request; it never reads a body."""
