"""The pages of signing in, getting back in, and what a person sets about that."""
