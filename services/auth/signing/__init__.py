"""The key that access tokens are signed with, and how it gives way to the next."""
