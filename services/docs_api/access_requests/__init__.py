"""Access requests: one of the provider's people asks for what no grant gives them, or for longer."""
