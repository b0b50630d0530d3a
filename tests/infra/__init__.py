"""The house itself: processes, commands, checks."""
