"""How runtimes and loggers print what takes several lines: a module for each language or family."""
