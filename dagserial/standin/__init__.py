"""The `airflow` package as DAG files see it when Airflow is not there."""

from dagserial.standin.classes import Fields, SymbolicBase, fields_value, symbolic_base_value
from dagserial.standin.decorated import Decorated, decorated_value
from dagserial.standin.deployed import DeployedPaths
from dagserial.standin.load import install, load
from dagserial.standin.notes import NOTES
from dagserial.standin.strings import Text, text_value
from dagserial.standin.symbol import Symbol, symbol_value

__all__ = [
    "NOTES",
    "Decorated",
    "DeployedPaths",
    "Fields",
    "Symbol",
    "SymbolicBase",
    "Text",
    "decorated_value",
    "fields_value",
    "install",
    "load",
    "symbol_value",
    "symbolic_base_value",
    "text_value",
]
