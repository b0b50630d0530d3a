"""The Connectivity page, sign-in at providers, and what administrators switch."""
