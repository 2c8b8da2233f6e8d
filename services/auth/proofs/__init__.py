"""Sessions bound to a key (DPoP, RFC 9449): which are, and which an organization wants to be."""
