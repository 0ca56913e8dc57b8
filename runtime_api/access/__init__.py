"""Who calls, and what of the service is theirs."""
