"""The quarantine: versions that a scan stood against, and the firm's decision to let one out."""
