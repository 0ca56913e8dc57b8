import os
import re
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup

VERSION = re.search(r'VERSION = "(.+)"', Path(__file__).with_name("wholelog_base").joinpath("version.py").read_text())[
    1
]

# The classifier in C, by mypyc: WHOLELOG_COMPILE=1 pip install . (a C compiler is needed; not with --editable: what is edited would
# not be what runs). The plain modules are installed beside it, and are what runs where it does not load.
COMPILED = ("log_shipper/stages/formats/*.py", "log_shipper/stages/classify.py", "log_shipper/stages/memory.py")


def compiled() -> dict[str, Any]:
    if os.environ.get("WHOLELOG_COMPILE") != "1":
        return {}
    needed = ["mypy>=1.11", "orjson"]  # mypyc reads what the modules import
    try:
        from mypyc.build import mypycify
    except ImportError:  # pip asks first what is needed
        return {"setup_requires": needed}
    root = Path(__file__).parent
    paths = [str(path.relative_to(root)) for pattern in COMPILED for path in sorted(root.glob(pattern))]
    return {"setup_requires": needed, "ext_modules": mypycify(paths, opt_level="2")}


setup(
    name="wholelog",
    version=VERSION,
    description="Runs containers and keeps every line they wrote: whole, once, in order, and says whether all is there.",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(
        include=["wholelog", "wholelog.*", "wholelog_base", "log_store*", "log_shipper*", "runtime_api*"]
    ),
    package_data={"": ["py.typed", "*.html", "*.js", "*.css", "*.svg"]},
    entry_points={"console_scripts": ["wholelog=wholelog.command_line:main"]},
    install_requires=[
        "falcon>=4.0,<5",
        "waitress>=3.0,<4",
        "argcomplete>=3.2,<4",
        "docker>=7.1,<8",
        "drain3-improved>=0.10,<0.11",
        # A client of 9 does not speak to servers of 8; one of 8.19 speaks to both.
        "elasticsearch>=8.19,<9",
        "fsspec>=2024.6,<2027",
        "fluent-logger>=0.11,<0.12",
        "google-re2>=1.1,<2",
        "httpx>=0.28,<0.29",
        "msgpack>=1.0.8,<2",
        "orjson>=3.10,<4",
        "PyJWT[crypto]>=2.10,<3",
        "prometheus-client>=0.20,<1",
        "rich>=14,<16",
        "xxhash>=3.4,<5",
    ],
    extras_require={
        # Inputs and outputs of tasks on S3; other storages by fsspec's own packages.
        "s3": ["s3fs>=2024.6,<2027"],
        "tests": [
            "pytest>=8,<10",
            "pytest-timeout>=2.3,<3",
            "pytest-xdist>=3.8,<4",
            "hypothesis>=6.100,<7",
            "schemathesis>=4.20,<5",
            "s3fs>=2024.6,<2027",
            "moto[s3]>=5,<6",
            "flask>=3,<4",  # moto's server, of which only S3 is asked
            "flask-cors>=4,<7",
            "pyyaml>=6,<7",
            "trustme>=1.1,<2",
            "aiosmtpd>=1.4.6,<2",
            "ruff>=0.6",
            "mypy>=1.11",
            "setuptools",  # that mypyc takes the classifier
            "types-docker>=7.1",
            "types-requests>=2.31",
        ],
    },
    **compiled(),
)
