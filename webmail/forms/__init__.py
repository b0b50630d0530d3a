"""Forms of the mail screens and the general settings."""
