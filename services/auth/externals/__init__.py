"""External people: members for a time, for whom a colleague answers."""
