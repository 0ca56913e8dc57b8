"""Who may import whom."""

import fnmatch

import pytest

from tests.architecture.source import ROOMS, dotted, imports, modules, shown

MAY_IMPORT = {
    "wholelog_base": set(),
    "log_store": {"wholelog_base"},
    "log_shipper": {"wholelog_base", "log_store"},
    "runtime_api": {"wholelog_base", "log_store"},
    "wholelog": {"wholelog_base", "log_store", "log_shipper", "runtime_api"},
    "deploy": {"wholelog_base", "wholelog"},
}
ONLY_IN = {
    "docker": ["runtime_api/containers/*", "log_shipper/audit/docker_copy.py"],
    "elasticsearch": ["log_store/elastic/*"],
    "elastic_transport": ["log_store/elastic/*"],
    "falcon": ["runtime_api/*"],
    "fsspec": ["runtime_api/storage/fsspec_storage.py"],
    "waitress": ["runtime_api/*"],
    "jwt": ["runtime_api/access/jwt_*"],
    "sqlite3": ["log_store/sqlite/*", "runtime_api/containers/*", "log_shipper/*"],
}
PURE = ["log_shipper/stages/*", "log_shipper/forward/decoder.py", "log_shipper/forward/records.py"]
DOES_IO = {
    "socket",
    "asyncio",
    "selectors",
    "threading",
    "subprocess",
    "os",
    "time",
    "pathlib",
    "http",
    "urllib",
    "requests",
}


def test_every_room_has_a_rule() -> None:
    assert set(MAY_IMPORT) == set(ROOMS)


def test_rooms_import_only_the_rooms_they_may() -> None:
    wrong = []
    for path in modules():
        room = dotted(path).partition(".")[0]
        for name in imports(path):
            other = name.partition(".")[0]
            if other in ROOMS and other != room and other not in MAY_IMPORT[room]:
                wrong.append(f"{shown(path)} imports {name}")
    assert not wrong


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_a_package_is_imported_only_in_its_places(package: str) -> None:
    wrong = [
        shown(path)
        for path in modules()
        if any(name.partition(".")[0] == package for name in imports(path))
        and not any(fnmatch.fnmatch(shown(path), place) for place in ONLY_IN[package])
    ]
    assert not wrong


def test_stages_and_decoder_do_no_input_and_output() -> None:
    pure = [path for path in modules() if any(fnmatch.fnmatch(shown(path), place) for place in PURE)]
    assert len(pure) > 4
    wrong = [
        f"{shown(path)} imports {name}"
        for path in pure
        for name in imports(path)
        if name.partition(".")[0] in DOES_IO | {"docker", "elasticsearch", "falcon", "sqlite3"}
    ]
    assert not wrong
