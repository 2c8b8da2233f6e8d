"""Programs of an organization: what they may do, and by which keys they are known."""
