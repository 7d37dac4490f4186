"""Make the tables of Airflow 2's database, where DAG files that declare dataset aliases or sub-DAGs look things up."""

from __future__ import annotations

from dagserial.sources.collector.noted import found

_READ = ("connection", "dataset", "dataset_alias", "slot_pool", "variable")
"""Tables that code at the top of a DAG file leads to."""


def make() -> None:
    """Make them, empty, in the private folder that is this Airflow's home."""
    engine, base = found("airflow.settings:engine"), found("airflow.models.base:Base")
    found("airflow.models.dataset:DatasetAliasModel", "airflow.models.dataset:DatasetModel")
    found("airflow.models.pool:Pool")
    for name in _READ:
        if name in base.metadata.tables:
            base.metadata.tables[name].create(engine, checkfirst=True)
    engine.dispose()  # a connection does not outlive a fork
