"""Errors that are alike: told apart by fingerprint, counted each once, shown by the log store."""
