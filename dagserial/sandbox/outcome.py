"""Say how a piece of work ended, and carry that from one process to another."""

import os
import signal
import struct

import msgspec

_HEAD = struct.Struct(">cQ")
_ANSWER, _FAILURE = b"A", b"F"
_LENGTH = struct.Struct(">Q")
_LONGEST_FAILURE = 4096
_CHUNK = 1 << 20


class Outcome(msgspec.Struct, frozen=True):
    """How one item ended: exactly one of the two is set.

    Attributes:
        answer: what the work returned.
        failure: why there is no answer, as a clause whose subject is the item ("took longer than 30 s").
    """

    answer: bytes | None = None
    failure: str | None = None


def returned(value: object, largest: int | None = None) -> Outcome:
    """Return the outcome of work that came back with a value; only bytes, of at most `largest`, are an answer."""
    if not isinstance(value, bytes):
        return Outcome(failure=f"answered with {type(value).__name__}, not with bytes")
    if largest is not None and len(value) > largest:
        return _too_long(len(value), largest)
    return Outcome(answer=value)


def failed(error: BaseException) -> Outcome:
    """Return the outcome of an exception that escaped: its class and its message."""
    try:
        message = str(error)
    except BaseException:  # the class, and so its __str__, may come from the code that is not trusted
        message = ""
    name = type(error).__name__
    return Outcome(failure=f"{name}: {message}" if message else name)


def died(code: int) -> Outcome:
    """Return the outcome of a process that left no answer.

    Args:
        code: the exit status, or the negative number of the signal, as `os.waitstatus_to_exitcode` has it.
    """
    if code >= 0:
        return Outcome(failure=f"ended without an answer (exit status {code})")
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "a real-time signal"
    return Outcome(failure=f"was ended by signal {-code} ({name})")


def packed(outcome: Outcome) -> bytes:
    """Return the frame of an outcome: one byte for the kind, eight for the length, then the payload."""
    if outcome.answer is not None:
        return _HEAD.pack(_ANSWER, len(outcome.answer)) + outcome.answer
    payload = (outcome.failure or "").encode("utf-8", "backslashreplace")[:_LONGEST_FAILURE]
    return _HEAD.pack(_FAILURE, len(payload)) + payload


def unpacked(frame: bytes | bytearray, largest: int | None = None) -> Outcome | None:
    """Return the outcome that a frame holds, or None while the frame is incomplete.

    What follows the frame is ignored.

    Args:
        largest: the largest answer that is accepted; a longer one is refused as soon as its length is known.
    """
    if len(frame) < _HEAD.size:
        return None
    kind, length = _HEAD.unpack_from(frame)
    if kind not in (_ANSWER, _FAILURE):
        return Outcome(failure="answered with bytes that are no frame")
    if largest is not None and length > (largest if kind == _ANSWER else _LONGEST_FAILURE):
        return _too_long(length, largest)
    if len(frame) < _HEAD.size + length:
        return None
    payload = bytes(memoryview(frame)[_HEAD.size : _HEAD.size + length])
    return Outcome(answer=payload) if kind == _ANSWER else Outcome(failure=payload.decode("utf-8", "replace"))


def asked(request: bytes) -> bytes:
    """Return the frame of a request: eight bytes for the length, then the request."""
    return _LENGTH.pack(len(request)) + request


def received(fd: int) -> bytes | None:
    """Return the next request whose frame comes from a file descriptor; None when no more come."""
    head = _read(fd, _LENGTH.size)
    return None if head is None else _read(fd, _LENGTH.unpack(head)[0])


def _read(fd: int, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        chunk = os.read(fd, min(size - len(found), _CHUNK))
        if not chunk:
            return None
        found += chunk
    return bytes(found)


def send(fd: int, frame: bytes) -> None:
    """Write all of a frame to a file descriptor."""
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _too_long(length: int, largest: int) -> Outcome:
    return Outcome(failure=f"answered with {length} bytes, more than the {largest} that are allowed")
