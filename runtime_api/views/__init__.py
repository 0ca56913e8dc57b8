"""Looks at a log as a whole: counts by time, what stands around a line, what is alike, what is new."""
