"""The saved objects, as Kibana exports and imports them: one JSON object a line, members that are JSON in a string as such.

Each carries the version from which Kibana migrates it to its own (`typeMigrationVersion`): 8.8 and every later one can.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from deploy.kibana import lens
from deploy.kibana.lens import COUNT, ERRORS, LAYER, TIME, Object

CORE: Final = "8.8.0"
VERSIONS: Final = {"index-pattern": "7.11.0", "search": "7.9.3", "lens": "8.6.0", "dashboard": "8.7.0"}
DATA_VIEW: Final = "wholelog-logs"
BY_NANOSECOND: Final = "wholelog-logs-nanoseconds"
_SOURCE: Final = "kibanaSavedObjectMeta.searchSourceJSON.index"
_TABLE: Final = ("container", "type", COUNT, "errors", "newest")
_ALL: Final = {"query": {"query": "", "language": "kuery"}, "filter": []}
# id, title, left, top, width, height on a grid of 48 columns
_PANELS: Final = (
    ("wholelog-lens-time", "Messages by time and type", 0, 0, 36, 12),
    ("wholelog-lens-errors", "Errors and worse", 36, 0, 12, 12),
    ("wholelog-lens-by-container", "Errors by container", 0, 12, 20, 14),
    ("wholelog-lens-containers", "Containers", 20, 12, 28, 14),
    ("wholelog-search", "Log", 0, 26, 48, 22),
)
_CONTROLS: Final = (("container_name", "Container"), ("log_type", "Type"))


def ndjson(prefix: str = "wholelog") -> str:
    """The file to import. `prefix`: the setting index_prefix."""
    objects = list(saved_objects(prefix))
    end = {"excludedObjects": [], "excludedObjectsCount": 0, "exportedCount": len(objects), "missingRefCount": 0, "missingReferences": []}  # fmt: skip
    return "".join(_text(one) + "\n" for one in [*objects, end])


def saved_objects(prefix: str = "wholelog") -> Iterator[Object]:
    yield _object("index-pattern", DATA_VIEW, _data_view(prefix), [])
    exact = {**_data_view(prefix), "name": "Wholelog, by nanosecond", "timeFieldName": "log_time"}
    yield _object("index-pattern", BY_NANOSECOND, exact, [])
    yield _object("search", "wholelog-search", _search(), [_view(_SOURCE)])
    for name, attributes in _charts().items():
        yield _object("lens", name, attributes, [_view(f"indexpattern-datasource-layer-{LAYER}")])
    references = [
        {"type": "search" if name == "wholelog-search" else "lens", "id": name, "name": f"{number}:panel_{number}"}
        for number, (name, *_) in enumerate(_PANELS)
    ]
    references += [_view(f"controlGroup_{field}:optionsListDataView") for field, _ in _CONTROLS]
    yield _object("dashboard", "wholelog-dashboard", _dashboard(), references)


def _object(kind: str, name: str, attributes: Object, references: list[Object]) -> Object:
    return {
        "id": name, "type": kind, "attributes": attributes, "references": references, "managed": False,
        "coreMigrationVersion": CORE, "typeMigrationVersion": VERSIONS[kind],
    }  # fmt: skip


def _view(name: str) -> Object:
    return {"type": "index-pattern", "id": DATA_VIEW, "name": name}


def _data_view(prefix: str) -> Object:
    shown = {
        "log_message": "Message", "log_type": "Type", "container_name": "Container", "container_id": "Container id",
        "task_id": "Task",
    }  # fmt: skip
    return {
        "title": f"{prefix}-logs-*",
        "name": "Wholelog",
        "timeFieldName": TIME,
        "allowNoIndex": True,  # nothing may have been written yet
        "fields": "[]",
        "fieldAttrs": _text({field: {"customLabel": label} for field, label in shown.items()}),
        "fieldFormatMap": "{}",
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
    }


def _search() -> Object:
    return {
        "title": "Wholelog: log",
        "description": "Every message, the newest first; to the nanosecond where milliseconds are the same.",
        "columns": ["container_name", "log_type", "log_message"],
        "sort": [[TIME, "desc"], ["log_time", "desc"]],
        "grid": {"columns": {"container_name": {"width": 220}, "log_type": {"width": 90}}},
        "hideChart": False,
        "breakdownField": "log_type",
        "isTextBasedQuery": False,
        "timeRestore": False,
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": _text({"highlightAll": True, "version": True, **_ALL, "indexRefName": _SOURCE})
        },
    }


def _charts() -> dict[str, Object]:
    title = {name: f"Wholelog: {text[0].lower()}{text[1:]}" for name, text, *_ in _PANELS}
    by_container = {"container": lens.top("container_name", "Container", 20, COUNT), COUNT: lens.count("Errors")}
    table = {
        "container": lens.top("container_name", "Container", 100, COUNT), "type": lens.top("type", "Type", 3, COUNT),
        COUNT: lens.count("Messages"), "errors": lens.count("Errors", ERRORS), "newest": lens.newest("Newest"),
    }  # fmt: skip
    by_time = {"split": lens.top("log_type", "Type", 5, COUNT), "time": lens.by_time(), COUNT: lens.count("Messages")}
    made = {
        "wholelog-lens-time": ("lnsXY", lens.bars("bar_stacked", COUNT, "time", "split"), by_time, ""),
        "wholelog-lens-errors": ("lnsMetric", lens.metric(COUNT), {COUNT: lens.count("Errors and worse")}, ERRORS),
        "wholelog-lens-by-container": ("lnsXY", lens.bars("bar_horizontal", COUNT, "container"), by_container, ERRORS),
        "wholelog-lens-containers": ("lnsDatatable", lens.table(*_TABLE), table, ""),
    }
    return {name: lens.attributes(title[name], *given) for name, given in made.items()}


def _dashboard() -> Object:
    panels: list[Object] = [
        {
            "version": CORE, "type": "search" if name == "wholelog-search" else "lens", "panelIndex": str(number),
            "gridData": {"x": x, "y": y, "w": width, "h": height, "i": str(number)},
            "panelRefName": f"panel_{number}", "title": title, "embeddableConfig": {"enhancements": {}},
        }
        for number, (name, title, x, y, width, height) in enumerate(_PANELS)
    ]  # fmt: skip
    return {
        "title": "Wholelog: errors by container",
        "description": "What containers wrote, by time, type and container.",
        "panelsJSON": _text(panels),
        "optionsJSON": _text({"useMargins": True, "syncColors": True, "syncCursor": True, "syncTooltips": False, "hidePanelTitles": False}),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text(_ALL)},
        "controlGroupInput": _controls(),
        "timeRestore": True,
        "timeFrom": "now-24h",
        "timeTo": "now",
        "refreshInterval": {"pause": True, "value": 30000},
        "version": 1,
    }  # fmt: skip


def _controls() -> Object:
    panels = {
        field: {
            "order": order, "width": "medium", "grow": True, "type": "optionsListControl",
            "explicitInput": {"id": field, "title": title, "fieldName": field, "enhancements": {}},
        }
        for order, (field, title) in enumerate(_CONTROLS)
    }  # fmt: skip
    ignored = {"ignoreFilters": False, "ignoreQuery": False, "ignoreTimerange": False, "ignoreValidations": False}
    return {
        "controlStyle": "oneLine", "chainingSystem": "HIERARCHICAL", "panelsJSON": _text(panels),
        "ignoreParentSettingsJSON": _text(ignored),
    }  # fmt: skip


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
