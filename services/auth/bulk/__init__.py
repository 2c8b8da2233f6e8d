"""Many members at once: invited, suspended and off-boarded from a CSV file."""
