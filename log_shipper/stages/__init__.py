"""Records become documents here: pure functions and small states over columns, no I/O, no clock.

What a stage decides depends on content and record time alone, never on arrival, so the live path, a replay of the
spool and a repair from Docker's own copy make the same documents.
"""
