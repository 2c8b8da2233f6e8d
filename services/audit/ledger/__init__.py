"""The ledger: gives events their place in each organization's tree, and signs what the tree has become."""
