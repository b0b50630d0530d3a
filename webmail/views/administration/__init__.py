"""What administrators of domains and of the installation do and read."""
