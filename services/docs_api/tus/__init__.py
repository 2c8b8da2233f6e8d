"""Resumable uploads by the tus protocol 1.0.0: what was acknowledged is kept, and the rest can follow."""
