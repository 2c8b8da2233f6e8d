"""The members of the firm who are on a matter."""
