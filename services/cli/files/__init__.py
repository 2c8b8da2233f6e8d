"""Commands of the person at the other end: sign in, list, put files in, take files out."""
