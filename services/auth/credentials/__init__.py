"""What a member proves themselves with: password, authenticator, recovery codes, and how each is replaced."""
