"""Confidentiality agreements: the texts of an engagement, and who signed which."""
