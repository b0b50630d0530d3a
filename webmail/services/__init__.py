"""What the shell itself does."""
