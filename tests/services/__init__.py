"""Real services that the tests fetch and start for themselves."""
