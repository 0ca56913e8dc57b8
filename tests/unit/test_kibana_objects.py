"""The saved objects for Kibana have the shapes that Kibana publishes, and name nothing that is not there.

Shapes: kibana, src/plugins/*/server/**/schema (dashboard v1, which forbids other members; search, V8_8_0; data views).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.kibana.objects import ndjson, saved_objects
from log_store.elastic.index import IndexNames, templates

FILE = Path(__file__).resolve().parents[2] / "deploy" / "kibana" / "wholelog.ndjson"
OBJECTS = {one["id"]: one for one in map(json.loads, FILE.read_text().splitlines()[:-1])}
MEMBERS = {
    "index-pattern": {
        "title": str, "name": str, "timeFieldName": str, "allowNoIndex": bool, "fields": str, "fieldAttrs": str, "fieldFormatMap": str,
        "runtimeFieldMap": str, "sourceFilters": str, "typeMeta": str,
    },
    "search": {
        "title": str, "description": str, "columns": list, "sort": list, "grid": dict, "hideChart": bool, "breakdownField": str,
        "isTextBasedQuery": bool, "timeRestore": bool, "kibanaSavedObjectMeta": dict,
    },
    "lens": {"title": str, "description": str, "visualizationType": str, "state": dict},
    "dashboard": {
        "title": str, "description": str, "kibanaSavedObjectMeta": dict, "timeRestore": bool, "timeFrom": str, "timeTo": str,
        "refreshInterval": dict, "controlGroupInput": dict, "panelsJSON": str, "optionsJSON": str, "version": int,
    },
}  # fmt: skip


def fields() -> set[str]:
    mapping = templates(IndexNames("wholelog"))["wholelog-logs"]["template"]["mappings"]["properties"]
    return set(mapping)


def named_json(value: Any) -> Iterator[Any]:
    """Every member that is JSON in a string, read."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name.endswith("JSON") or name in (
                "fields",
                "fieldAttrs",
                "fieldFormatMap",
                "runtimeFieldMap",
                "sourceFilters",
                "typeMeta",
            ):
                if isinstance(member, str):
                    yield json.loads(member)
            yield from named_json(member)


def test_the_file_is_what_is_made() -> None:
    assert FILE.read_text() == ndjson()
    assert json.loads(FILE.read_text().splitlines()[-1])["exportedCount"] == len(OBJECTS) == 8
    other = list(saved_objects("acme"))
    assert other[0]["attributes"]["title"] == "acme-logs-*"


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_has_the_members_of_its_type(name: str) -> None:
    one = OBJECTS[name]
    assert set(one) == {
        "id",
        "type",
        "attributes",
        "references",
        "managed",
        "coreMigrationVersion",
        "typeMigrationVersion",
    }
    assert {member: type(value) for member, value in one["attributes"].items()} == MEMBERS[one["type"]]
    assert list(named_json(one["attributes"])) or one["type"] == "lens"
    for reference in one["references"]:
        assert set(reference) == {"type", "id", "name"} and OBJECTS[reference["id"]]["type"] == reference["type"]


def test_the_dashboard_shows_each_chart_once_without_overlap() -> None:
    board = OBJECTS["wholelog-dashboard"]
    panels = json.loads(board["attributes"]["panelsJSON"])
    named = {reference["name"]: reference for reference in board["references"]}
    assert {named[f"{panel['panelIndex']}:{panel['panelRefName']}"]["id"] for panel in panels} == {
        one["id"] for one in OBJECTS.values() if one["type"] in ("lens", "search")
    }
    taken = [
        (x, y)
        for g in (p["gridData"] for p in panels)
        for x in range(g["x"], g["x"] + g["w"])
        for y in range(g["y"], g["y"] + g["h"])
    ]
    assert len(taken) == len(set(taken)) and max(x for x, _ in taken) < 48
    controls = json.loads(board["attributes"]["controlGroupInput"]["panelsJSON"])
    assert {f"controlGroup_{name}:optionsListDataView" for name in controls} <= set(named)
    assert {control["explicitInput"]["fieldName"] for control in controls.values()} <= fields()


def test_what_is_asked_for_is_in_the_mapping() -> None:
    search, view = OBJECTS["wholelog-search"]["attributes"], OBJECTS["wholelog-logs"]["attributes"]
    asked = {
        *search["columns"],
        *(name for name, _ in search["sort"]),
        search["breakdownField"],
        view["timeFieldName"],
        OBJECTS["wholelog-logs-nanoseconds"]["attributes"]["timeFieldName"],
    }
    assert asked | set(json.loads(view["fieldAttrs"])) <= fields()
    assert (
        json.loads(search["kibanaSavedObjectMeta"]["searchSourceJSON"])["indexRefName"]
        == OBJECTS["wholelog-search"]["references"][0]["name"]
    )
    for one in OBJECTS.values():
        if one["type"] != "lens":
            continue
        state = one["attributes"]["state"]
        ((layer_id, layer),) = state["datasourceStates"]["formBased"]["layers"].items()
        assert one["references"][0]["name"] == f"indexpattern-datasource-layer-{layer_id}"
        assert set(layer["columnOrder"]) == set(layer["columns"])
        assert {column["sourceField"] for column in layer["columns"].values()} <= fields() | {"___records___"}
        drawn = json.dumps(state["visualization"])
        assert all(f'"{column}"' in drawn for column in layer["columns"])
        for column in layer["columns"].values():
            ordered = column.get("params", {}).get("orderBy", {}).get("columnId")
            assert ordered is None or ordered in layer["columns"]
