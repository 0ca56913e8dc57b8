"""Charts of Kibana's Lens, as its saved objects describe them: columns (what Elasticsearch is asked) and what is drawn of them."""

from typing import Any, Final

Object = dict[str, Any]

LAYER: Final = "layer"
COUNT: Final = "count"
ERRORS: Final = 'log_type: ("critical" or "error")'
TIME: Final = "@timestamp"


def count(label: str, kql: str = "") -> Object:
    """How many documents, where given only those that a query of KQL finds."""
    column = {
        "label": label, "customLabel": True, "dataType": "number", "operationType": "count", "isBucketed": False,
        "scale": "ratio", "sourceField": "___records___", "params": {"emptyAsNull": False},
    }  # fmt: skip
    return {**column, "filter": {"query": kql, "language": "kuery"}} if kql else column


def by_time() -> Object:
    return {
        "label": TIME, "dataType": "date", "operationType": "date_histogram", "sourceField": TIME, "isBucketed": True,
        "scale": "interval", "params": {"interval": "auto", "includeEmptyRows": True, "dropPartials": False},
    }  # fmt: skip


def newest(label: str) -> Object:
    return {
        "label": label, "customLabel": True, "dataType": "date", "operationType": "max", "sourceField": TIME,
        "isBucketed": False, "scale": "ratio", "params": {"emptyAsNull": True},
    }  # fmt: skip


def top(field: str, label: str, size: int, ordered_by: str) -> Object:
    """The values of a keyword that most documents have, by the column `ordered_by`."""
    return {
        "label": label, "customLabel": True, "dataType": "string", "operationType": "terms", "sourceField": field,
        "isBucketed": True, "scale": "ordinal",
        "params": {
            "size": size, "orderBy": {"type": "column", "columnId": ordered_by}, "orderDirection": "desc",
            "otherBucket": False, "missingBucket": False, "parentFormat": {"id": "terms"}, "include": [], "exclude": [],
            "includeIsRegex": False, "excludeIsRegex": False,
        },
    }  # fmt: skip


def bars(kind: str, accessor: str, x: str, split: str = "") -> Object:
    """`kind`: bar_stacked, bar_horizontal …"""
    layer = {
        "layerId": LAYER, "layerType": "data", "seriesType": kind, "accessors": [accessor], "xAccessor": x,
        "position": "top", "showGridlines": False,
    }  # fmt: skip
    return {
        "legend": {"isVisible": bool(split), "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": False, "yRight": False},
        "tickLabelsVisibilitySettings": {"x": True, "yLeft": True, "yRight": True},
        "gridlinesVisibilitySettings": {"x": True, "yLeft": True, "yRight": True},
        "preferredSeriesType": kind,
        "layers": [{**layer, "splitAccessor": split} if split else layer],
    }


def table(*columns: str) -> Object:
    return {
        "layerId": LAYER,
        "layerType": "data",
        "columns": [{"columnId": column} for column in columns],
        "paging": {"enabled": True, "size": 20},
    }


def metric(accessor: str) -> Object:
    return {"layerId": LAYER, "layerType": "data", "metricAccessor": accessor}


def attributes(title: str, kind: str, visualization: Object, columns: dict[str, Object], kql: str = "") -> Object:
    """Of a saved object of the type `lens`. `kind`: lnsXY, lnsDatatable, lnsMetric; `columns` in the order of grouping."""
    layer = {"columns": columns, "columnOrder": list(columns), "incompleteColumns": {}, "sampling": 1}
    return {
        "title": title,
        "description": "",
        "visualizationType": kind,
        "state": {
            "visualization": visualization,
            "query": {"query": kql, "language": "kuery"},
            "filters": [],
            "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }
