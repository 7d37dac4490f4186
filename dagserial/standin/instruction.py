"""Tell from the bytecode of a frame what its code does with a value."""

from __future__ import annotations

import builtins
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


def reads_attribute(frame: types.FrameType, name: str) -> bool:
    """Tell whether the code itself reads an attribute: `value.name`, unlike `hasattr(value, "name")`."""
    instruction = _done(frame)[-1]
    return instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and instruction.argval == name


def names_used(frame: types.FrameType | None) -> list[str]:
    """Return the global names that code reads and nothing defines, sorted: what `from absent import *` must bring.

    Args:
        frame: the frame that asks; those of the import system in between are left out.
    """
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return []
    read, bound = _globals_of(frame.f_code)
    known = {*frame.f_globals, *vars(builtins)}
    return sorted(name for name in read - bound - known if not name.startswith("_"))


def _globals_of(code: types.CodeType) -> tuple[set[str], set[str]]:
    """Return the names that a module's code reads as globals, and those that its top level binds."""
    instructions = list(dis.get_instructions(code))
    read = {found.argval for found in instructions if found.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    bound = {found.argval for found in instructions if found.opname in ("STORE_NAME", "STORE_GLOBAL")}
    inner = [_globals_of(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return read.union(*(names for names, _ in inner)), bound


def _done(frame: types.FrameType) -> list[dis.Instruction]:
    """Return the instructions up to the one that runs; the cached form of one reads as the plain one."""
    return [found for found in dis.get_instructions(frame.f_code) if found.offset <= frame.f_lasti]
