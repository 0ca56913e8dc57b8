"""Where documents live: one contract (`protocols`), two backends (Elasticsearch, SQLite)."""
