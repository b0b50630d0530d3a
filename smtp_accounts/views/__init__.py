"""The pages of SMTP accounts."""
