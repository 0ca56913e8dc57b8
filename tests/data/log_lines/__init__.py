"""Log lines and the level that each declares; see README.md beside this file."""
