"""Document classes: the firm's own vocabulary."""
