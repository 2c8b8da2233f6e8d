"""The commands people type. Heavy imports happen inside the commands, so that it starts at once."""
