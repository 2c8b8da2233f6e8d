"""The noun log: an officer searches, exports and pins the evidence of their own organization."""
