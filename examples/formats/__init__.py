"""Small writers of real files, from the standard library alone and with the same bytes every time."""
