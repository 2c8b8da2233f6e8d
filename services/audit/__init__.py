"""What happened: the ledger, search, proofs and reports."""
