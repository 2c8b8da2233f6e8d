"""Members as they see themselves and each other, and the firms that they may act for."""
