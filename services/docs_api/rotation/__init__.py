"""Puts new keys in the place of old ones while everything goes on: what is sealed stays as it is."""
