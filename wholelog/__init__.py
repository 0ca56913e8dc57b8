"""The command line: `wholelog up`, `api`, `shipper`, `config`, `check`, `driver-options`, `version`."""

from wholelog_base.version import VERSION as __version__

__all__ = ["__version__"]
