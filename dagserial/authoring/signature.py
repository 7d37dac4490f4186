"""Know which arguments an operator or a decorated function takes, as far as it can be known."""

from __future__ import annotations

import inspect
import opcode
import types
from collections.abc import Callable, Iterable
from typing import Any

UNMAPPABLE = frozenset(
    {
        *("allow_nested_operators", "dag", "default_args", "depends_on_past", "execution_timeout"),
        *("ignore_first_depends_on_past", "inlets", "map_index_template", "outlets", "owner", "pool_slots"),
        *("priority_weight", "queue", "retries", "retry_delay", "retry_exponential_backoff", "task_group", "task_id"),
        *("trigger_rule", "wait_for_downstream", "wait_for_past_depends_before_skipping", "weight_rule"),
    }
)
"""Arguments that all instances of a mapped operator share, in every Airflow version that maps tasks (2.3 to 3.3)."""

BASE_ARGUMENTS = UNMAPPABLE | {
    *("do_xcom_push", "doc", "doc_json", "doc_md", "doc_rst", "doc_yaml", "email", "email_on_failure"),
    *("email_on_retry", "end_date", "executor", "executor_config", "logger_name", "max_active_tis_per_dag"),
    *("max_active_tis_per_dagrun", "max_retry_delay", "multiple_outputs", "on_execute_callback"),
    *("on_failure_callback", "on_retry_callback", "on_skipped_callback", "on_success_callback", "params", "pool"),
    *("post_execute", "pre_execute", "render_template_as_native_obj", "resources", "retry_policy", "run_as_user"),
    *("sla", "start_date", "start_from_trigger", "start_trigger_args", "task_concurrency", "task_display_name"),
    *("exponential_backoff", "max_wait", "mode", "never_fail", "poke_interval", "silent_fail", "soft_fail", "timeout"),
}
"""Arguments of BaseOperator and BaseSensorOperator in any Airflow version from 1.10 to 3.3."""

CONTEXT_KEYS = frozenset(
    {
        *("asset_state_store", "conf", "conn", "dag", "dag_run", "data_interval_end", "data_interval_start", "ds"),
        *("ds_nodash", "exception", "execution_date", "expanded_ti_count", "inlet_events", "inlets", "logical_date"),
        *("macros", "map_index_template", "next_ds", "next_ds_nodash", "next_execution_date", "outlet_events"),
        *("outlets", "params", "partition_date", "partition_key", "prev_data_interval_end_success"),
        *("prev_data_interval_start_success", "prev_ds", "prev_ds_nodash", "prev_end_date_success"),
        *("prev_execution_date", "prev_execution_date_success", "prev_start_date_success", "reason", "run_id"),
        *("session", "task", "task_instance", "task_instance_key_str", "task_reschedule_count", "task_state_store"),
        *("templates_dict", "test_mode", "ti", "tomorrow_ds", "tomorrow_ds_nodash", "triggering_asset_events"),
        *("triggering_dataset_events", "try_number", "ts", "ts_nodash", "ts_nodash_with_tz", "var"),
        *("yesterday_ds", "yesterday_ds_nodash"),
    }
)
"""Arguments of a decorated function that the run fills in, in any Airflow version from 2.0 to 3.3."""


def operator_arguments(operator_class: type) -> frozenset[str] | None:
    """Return the names that an operator's constructors take; None if any name may be taken.

    As Airflow does, every constructor on the way to BaseOperator counts, and `**kwargs` stands for those. Any name
    may be taken by a class without a constructor, and by one that derives from a class of an absent package.
    """
    found: set[str] = set()
    is_declared = False
    for kind in operator_class.__mro__:
        if "_dagserial_absent" in kind.__dict__:
            return None
        init = kind.__dict__.get("__init__")
        if init is None or kind.__module__.startswith("dagserial.") or kind is object:
            continue
        if not inspect.isfunction(init):
            return None
        is_declared = True
        found |= {p.name for p in inspect.signature(init).parameters.values() if p.kind not in _STARRED}
    return BASE_ARGUMENTS | found if is_declared else None


def function_parameters(function: Any) -> list[inspect.Parameter] | None:
    """Return the parameters of a plain function; None for what only the run could tell."""
    if not isinstance(function, types.FunctionType):
        return None
    return list(inspect.signature(function).parameters.values())


def function_arguments(function: Any) -> frozenset[str] | None:
    """Return the names that a function takes; None if any name may be taken."""
    parameters = function_parameters(function)
    if parameters is None or any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return frozenset(parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL)


def check_names(who: str, names: Iterable[str], known: frozenset[str] | None) -> None:
    """Check that arguments are known.

    Raises:
        TypeError: one is not.
    """
    if known is not None and (unknown := sorted(set(names) - known)):
        raise TypeError(f"{who} got {_counted('an unexpected keyword argument', unknown)}")


def check_once(who: str, names: Iterable[str], before: Iterable[str], reason: str) -> None:
    """Check that no argument was given before.

    Raises:
        TypeError: one was.
    """
    if both := sorted(set(names) & set(before)):
        raise TypeError(f"{who} got {_counted('the keyword argument', both)}, {reason}")


def check_keywords(who: str, args: tuple[Any, ...]) -> None:
    """Check that nothing was given by position.

    Raises:
        TypeError: something was.
    """
    if args:
        kinds = ", ".join(type(arg).__name__ for arg in args)
        raise TypeError(f"{who} takes keyword arguments only, and got {len(args)} by position ({kinds})")


def check_call(who: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, whole: bool) -> None:
    """Check that a decorated function can be called so; arguments that the run fills in may be missing.

    Args:
        whole: nothing may be missing.

    Raises:
        TypeError: an argument is unknown, given twice, or missing.
    """
    parameters = function_parameters(function)
    if parameters is None:
        return
    try:
        bound = inspect.signature(function).bind_partial(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{who} {error}") from error
    missing = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in _STARRED
        and parameter.name not in CONTEXT_KEYS
        and parameter.name not in bound.arguments
    ]
    if whole and missing:
        raise TypeError(f"{who} is missing {_counted('the argument', missing)}")


def is_unpacked(frame: types.FrameType) -> bool:
    """Tell whether a frame's current call unpacks arguments: `f(**kwargs)`."""
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]] == "CALL_FUNCTION_EX"


def missing_arguments(init: Callable[..., None], given: Iterable[str]) -> list[str]:
    """Return the names that a constructor needs and was not given."""
    parameters = list(inspect.signature(init).parameters.values())[1:]
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in _STARRED]
    return [name for name in needed if name not in set(given)]


def _counted(what: str, names: list[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {', '.join(map(repr, names))}"


_STARRED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
