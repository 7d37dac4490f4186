"""How a DAG is declared: the authoring API, with AIP-42 semantics and attribute names as in Airflow."""

from dagserial.authoring.asset import Asset, AssetAlias, AssetAll, AssetAny
from dagserial.authoring.dag import DAG, DagParam, dag
from dagserial.authoring.dependency import EdgeModifier, Label, chain, chain_linear, cross_downstream
from dagserial.authoring.group import TaskGroup
from dagserial.authoring.mapped import MappedOperator
from dagserial.authoring.operator import BaseOperator, BaseSensorOperator
from dagserial.authoring.param import Param
from dagserial.authoring.taskflow import setup, task, task_group, teardown
from dagserial.authoring.xcom import XComArg

__all__ = [
    "DAG",
    "Asset",
    "AssetAlias",
    "AssetAll",
    "AssetAny",
    "BaseOperator",
    "BaseSensorOperator",
    "DagParam",
    "EdgeModifier",
    "Label",
    "MappedOperator",
    "Param",
    "TaskGroup",
    "XComArg",
    "chain",
    "chain_linear",
    "cross_downstream",
    "dag",
    "setup",
    "task",
    "task_group",
    "teardown",
]
