"""How long pages of large DAGs take in a browser: from the request to what is painted.

python benchmarks/bench_pages.py
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "web"), str(TESTS / "store")]

from drawn_store import wide  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from running import running  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from dagserial.record import Record  # noqa: E402
from dagserial.store import RecordStore, create, open_engine  # noqa: E402
from dagserial.web import create_app  # noqa: E402

PAINTED = (
    """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"""
)
TARGETS = {"wide_1000": 300, "wide_5000": 1500, "wide_5000_grouped": 1500}
REPEATS = 5


def fill(url: str) -> None:
    """Put DAGs of 1,000 and 5,000 tasks into a store."""
    engine = open_engine(url)
    create(engine)
    with Session(engine) as session, session.begin():
        for dag in (wide(1000), wide(5000), wide(5000, grouped=True)):
            RecordStore(session).put(Record.of_dag(dag), created_at=datetime.now(UTC))
    engine.dispose()


def painted(browser: Browser, url: str) -> float:
    """Return the milliseconds from the request for a page to the second frame after all of it is there."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url, wait_until="domcontentloaded")
    taken: float = page.evaluate(PAINTED)
    page.close()
    return taken


def main() -> None:
    """Print the times beside their bounds: of the first request to a new server, and of those behind it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("skipped: needs Chromium (apt-get install chromium)")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        url = f"sqlite:///{folder}/dags.db"
        fill(url)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        print(f"  {'page':20} {'bound':>8} {'first':>8} {'median':>8}  milliseconds from request to painted")
        for dag_id, bound in TARGETS.items():
            with running(create_app(url)) as client:
                client.get("/dags.html")
                painted(browser, f"{client.base_url}/dags.html")
                times = [painted(browser, f"{client.base_url}/dags/{dag_id}/versions/1.html") for _ in range(REPEATS)]
            verdict = "met" if max(times[0], statistics.median(times)) <= bound else "MISSED"
            print(f"  {dag_id:20} {bound:>8} {times[0]:>8.0f} {statistics.median(times[1:]):>8.0f}  {verdict}")
        browser.close()


if __name__ == "__main__":
    main()
