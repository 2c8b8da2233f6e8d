"""Uploads: a version on its way in, as its sender sees it."""
