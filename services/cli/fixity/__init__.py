"""`redwell verify`: reads the store again beside the running services, and tells what it found."""
