"""Exit bundles: everything of one matter, sealed as it lies, with its keys for a key of the firm's own."""
