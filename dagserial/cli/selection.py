"""Take the names of DAGs behind `--`."""

from __future__ import annotations

import click


class WithSelection(click.Command):
    """A command that takes refs before `--` and DAG names behind it, which `ctx.obj` holds."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])
