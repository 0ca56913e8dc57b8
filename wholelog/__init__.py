"""The command line: `wholelog up`, `api`, `shipper`, `config`, `check`, `driver-options`, `version`."""

__version__ = "0.1.0"
