"""The dialect of programs: OAuth 2.0 token endpoint, discovery, keys, introspection, revocation."""
