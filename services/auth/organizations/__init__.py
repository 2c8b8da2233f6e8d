"""Organizations: made by the platform's operator, handed to their first administrator."""
