"""Real mail servers on this computer, for the tests and for `make demo`.  Never for real mail."""
