"""Run code that nobody vouches for in one child interpreter, with limits; return bytes.

Linux is the target. On macOS only the limits, the timeouts and the scrubbed environment hold (not tested there).
"""

from dagserial.sandbox.forks import each
from dagserial.sandbox.launch import Session, run
from dagserial.sandbox.limits import Limits
from dagserial.sandbox.outcome import Outcome
from dagserial.sandbox.probe import protections

__all__ = ["Limits", "Outcome", "Session", "each", "protections", "run"]
