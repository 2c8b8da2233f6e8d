"""The self-contained offline verifier and its formats: standard library and `cryptography` only."""
