"""Joining: invitations, and how one becomes a member with two factors."""
