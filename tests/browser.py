"""Open pages in a real Chromium, and hold what it complains of or asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from support import skip_or_fail

_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run a headless Chromium: the one that DAGSERIAL_CHROMIUM names, or one on PATH."""
    found = os.environ.get("DAGSERIAL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        skip_or_fail("chromium", "needs Chromium: apt-get install chromium, or name one in DAGSERIAL_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*_QUIET])
        yield browser
        browser.close()


@contextmanager
def open_page(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open one page; afterwards, it must have asked for nothing but itself and complained of nothing.

    Args:
        options: of the browser's context, as `color_scheme`.
    """
    complaints: list[str] = []
    asked: list[str] = []
    context = browser.new_context(**options)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url, wait_until="networkidle")
    yield page
    context.close()
    assert complaints == []
    assert [one for one in asked if not one.startswith("data:")] == [url]
