"""Changes: what happened that concerns somebody, so that programs need not poll lists."""
