"""Saved objects for Kibana (8.8 and later): a data view of Wholelog's indices, a Discover view, charts, a dashboard.

python -m deploy.kibana [PREFIX] > wholelog.ndjson    # PREFIX: the setting index_prefix; wholelog unless given
"""
