"""Decide from a DAG and the states of a run what becomes of its task instances.

Nothing here knows a database: the modules beside this package read the facts, and write what is decided.
"""
