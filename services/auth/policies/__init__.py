"""Policies of an organization: by which factors, for how long, from where and when each role is signed in."""
