"""Read DAG files in an interpreter that has Airflow: noting what they pass, loading them, writing their records.

This package and all that it imports runs on Python 3.10 and later with nothing installed beside Airflow: dagserial's
own files are put on the interpreter's path, and `spare` holds what they need of msgspec.
"""
