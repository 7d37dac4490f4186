"""Run by Airflow's own interpreter: for each line read, print the CPU seconds from a live DAG to Airflow's hash of it.

A line is a number of tasks, and `params` if the DAG has some.
"""

import gc
import json
import sys
import time
import types

from airflow.models.serialized_dag import SerializedDagModel
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG
from airflow.serialization import serialized_objects
from live_dag import PARAMS, declare

Serialized = getattr(serialized_objects, "DagSerialization", serialized_objects.SerializedDAG)
CLASSES = types.SimpleNamespace(
    DAG=DAG, BashOperator=BashOperator, EmptyOperator=EmptyOperator, PythonOperator=PythonOperator
)

for line in sys.stdin:
    count, *rest = line.split()
    dag = declare(CLASSES, int(count), PARAMS if rest else None)
    gc.collect()
    gc.disable()
    start = time.thread_time()
    written = Serialized.to_dict(dag)
    json.dumps(written)
    SerializedDagModel.hash(written)
    print("CPU", time.thread_time() - start, flush=True)
    gc.enable()
