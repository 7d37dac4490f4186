"""Tell from the bytecode of a frame what its code does with a value."""

from __future__ import annotations

import dis
import types

_CALLS = {"CALL", "PRECALL", "PUSH_NULL"}
"""Instructions of a call, behind the one that loads what is called (Python 3.11 to 3.13)."""


def unpacked_by(frame: types.FrameType) -> tuple[int, bool] | None:
    """Return how many names a value is unpacked to, and whether one more takes the rest: `a, b, *rest = value`.

    None if the code does something else with it.
    """
    instruction = _done(frame)[-1]
    if instruction.opname == "UNPACK_SEQUENCE":
        return instruction.arg or 0, False
    if instruction.opname == "UNPACK_EX":  # the low byte counts the names before the rest, the others those behind it
        return (instruction.arg or 0) % 256 + (instruction.arg or 0) // 256, True
    return None


def calls_method(frame: types.FrameType, name: str) -> bool:
    """Tell whether the code itself calls a method: `value.keys()`, unlike `{**value}` and `dict(value)`."""
    before = [instruction for instruction in _done(frame) if instruction.opname not in _CALLS]
    return bool(before) and before[-1].argval == name


def _done(frame: types.FrameType) -> list[dis.Instruction]:
    """Return the instructions up to the one that runs; the cached form of one reads as the plain one."""
    return [found for found in dis.get_instructions(frame.f_code) if found.offset <= frame.f_lasti]
