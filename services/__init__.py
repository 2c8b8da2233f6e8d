"""Redwell: secure document exchange between law firms and their providers."""
