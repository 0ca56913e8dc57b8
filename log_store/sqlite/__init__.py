"""Documents in SQLite: a file a day in a folder, and one for seals (see `folder`)."""
