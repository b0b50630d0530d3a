"""The pages of retrieval tasks."""
