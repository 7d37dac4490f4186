"""What the tests of CI share: an installation as the action makes it, and a server of comments."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pull_requests import Comments, served
from support import ROOT, skip_or_fail


@pytest.fixture(scope="session")
def runner_temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder for temporary files, with dagserial installed by the action's own script."""
    folder = tmp_path_factory.mktemp("runner")
    done = subprocess.run(
        ["bash", str(ROOT / ".ci/action.sh"), "install"],
        env=os.environ | {"RUNNER_TEMP": str(folder), "INPUT_PYTHON": sys.executable, "INPUT_VERSION": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode and "dagserial needs Python" not in done.stdout:
        skip_or_fail("wheels", f"cannot install what dagserial needs: {done.stderr[-500:]}")
    assert done.stdout.startswith("dagserial ")
    return folder


@pytest.fixture
def comments() -> Iterator[Comments]:
    """The comments of a pull request, none at first."""
    with served() as kept:
        yield kept
