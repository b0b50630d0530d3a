"""Template tags of the mail screens."""
