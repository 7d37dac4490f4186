"""Declare one DAG of many tasks with the classes of any scheduler: ours and Airflow's declare the same."""

import datetime as dt

PARAMS = {"region": "eu", "limit": 100}


def load(part, day, options=None):
    """Stand for a task's code."""
    return part, day, options


def declare(classes, count, params=None):
    """Return a DAG of `count` tasks in rows of 25, each behind two of the row before it.

    Args:
        classes: has DAG, BashOperator, EmptyOperator and PythonOperator.
    """
    defaults = {"owner": "data", "retries": 2, "retry_delay": dt.timedelta(minutes=5)}
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    given = {"params": dict(params)} if params else {}
    with classes.DAG(
        "live", schedule="0 3 * * *", start_date=start, catchup=False, default_args=defaults, **given
    ) as dag:
        rows = [[]]
        for number in range(count):
            if len(rows[-1]) == 25:
                rows.append([])
            task = _task(classes, number)
            if len(rows) > 1:
                before, at = rows[-2], len(rows[-1])
                before[at] >> task
                before[(at + 7) % 25] >> task
            rows[-1].append(task)
    return dag


def _task(classes, number):
    task_id = f"task_{number:05}"
    if number % 10 == 9:
        expanded = [f"run --part {number} --shard {shard}" for shard in range(4)]
        return classes.BashOperator.partial(task_id=task_id, env={"PART": str(number)}).expand(bash_command=expanded)
    if number % 3 == 0:
        arguments = {"part": number, "day": "{{ ds }}", "options": {"columns": ["id", "amount"], "share": 0.25}}
        return classes.PythonOperator(task_id=task_id, python_callable=load, op_kwargs=arguments)
    if number % 3 == 1:
        command = f"run --part {number} --day {{{{ ds }}}}"
        return classes.BashOperator(task_id=task_id, bash_command=command, env={"REGION": "eu", "PART": str(number)})
    return classes.EmptyOperator(task_id=task_id, doc_md=f"Part {number} is done.")
