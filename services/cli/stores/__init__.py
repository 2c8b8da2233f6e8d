"""`redwell stores`: where the content of firms lies."""
