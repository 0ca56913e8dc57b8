"""The version of all of Wholelog."""

VERSION = "0.1.0"
