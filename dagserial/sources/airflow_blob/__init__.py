"""Read Airflow's own serialized DAGs, of every version from 2.2 to 3.3."""

from dagserial.sources.airflow_blob.dag_hash import airflow_hash, airflow_hashes
from dagserial.sources.airflow_blob.load import is_blob, load
from dagserial.sources.airflow_blob.marks import form_of
from dagserial.sources.airflow_blob.read import read, upgrade

__all__ = ["airflow_hash", "airflow_hashes", "form_of", "is_blob", "load", "read", "upgrade"]
