"""When an only administrator has lost both factors: two persons, or a delay with notice."""
