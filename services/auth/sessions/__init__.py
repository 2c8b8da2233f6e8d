"""Being signed in: password, second factor, tokens and their renewal, stepping up, signing out."""
