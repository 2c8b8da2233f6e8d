"""Evidence: builds event bytes and inserts them, in the transaction of the act, whichever service calls."""
