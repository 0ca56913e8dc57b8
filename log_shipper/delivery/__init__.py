"""From rows to the store: batches, every row's outcome looked at, retries, dead letters."""
