"""What each family of log formats says of a line's level: one family a module, pure functions of the text."""
