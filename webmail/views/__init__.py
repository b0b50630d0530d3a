"""The mail screens and the general settings."""
