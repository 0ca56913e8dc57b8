import re
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
ROOMS = ("wholelog", "wholelog_base", "log_store", "log_shipper", "runtime_api")


def version() -> str:
    found = re.search(
        r'^__version__ = "([^"]+)"', (HERE / "wholelog/__init__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None, "wholelog/__init__.py must hold __version__"
    return found[1]


def packages() -> list[str]:
    """Every folder of a room that is a package; nothing else of the repository is installed."""
    found = [file.parent.relative_to(HERE) for room in ROOMS for file in (HERE / room).rglob("__init__.py")]
    return sorted(".".join(folder.parts) for folder in found)


setup(
    name="wholelog",
    version=version(),
    description="Start containers by REST and read back every line that they write",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=packages(),
    package_data={room: ["py.typed"] for room in ROOMS},
    zip_safe=False,
    install_requires=[
        "docker>=7.1,<8",
        # A client of 9 cannot speak to a server of 8; one of 8.19 speaks to both.
        "elasticsearch>=8.19,<9",
        "falcon>=4,<5",
        "fluent-logger>=0.11,<0.12",
        "msgpack>=1.0.8,<2",
        "orjson>=3.10,<4",
        "prometheus-client>=0.20,<1",
        "waitress>=3.0.1,<4",
        "xxhash>=3.4,<5",
    ],
    extras_require={
        "tests": [
            "hypothesis>=6.100,<7",
            "mypy>=1.15,<3",
            "pytest>=8.2,<10",
            "pytest-timeout>=2.3,<3",
            "ruff>=0.12,<1",
            "types-docker>=7.1,<8",
        ],
    },
    entry_points={"console_scripts": ["wholelog = wholelog.command_line:main"]},
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Typing :: Typed",
    ],
)
