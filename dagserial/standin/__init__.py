"""The `airflow` package as DAG files see it when Airflow is not there."""

from dagserial.standin.classes import SymbolicBase, symbolic_base_value
from dagserial.standin.load import install, load
from dagserial.standin.notes import NOTES
from dagserial.standin.symbol import Symbol, Text, symbol_value, text_value

__all__ = [
    "NOTES",
    "Symbol",
    "SymbolicBase",
    "Text",
    "install",
    "load",
    "symbol_value",
    "symbolic_base_value",
    "text_value",
]
