"""Who people are: organizations, invitations, members, their factors, and the sessions they sign in to."""
