"""Signing, token verification, wrapping and sealed fields: the one door for jose."""
