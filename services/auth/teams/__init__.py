"""Teams: people of an organization under one name, to whom a firm may give a grant at once."""
