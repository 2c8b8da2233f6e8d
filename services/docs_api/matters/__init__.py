"""Matters: what documents are filed in."""
