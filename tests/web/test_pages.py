"""Pages as people meet them: in a real browser, with and without scripts, light and dark."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from drawn_store import fill_drawn
from filled import HOSTILE, SECRET, fill
from playwright.sync_api import Browser, Page
from running import running
from starlette.applications import Starlette
from starlette.routing import Mount
from store_cases import HOSTILE_IDS

from dagserial.web import create_app

PAGES = {
    "index": "/",
    "dags": "/dags.html",
    "search": "/dags.html?q=SAL",
    "dag": "/dags/sales.html",
    "version": "/dags/sales/versions/3.html",
    "task": "/dags/sales/versions/1.html?task=load.publish",
    "diff": "/diff/sales@1..sales@3.html",
    "runs": "/runs.html",
    "runs of a dag": "/dags/sales/runs.html",
    "run": "/dags/sales/runs/scheduled__2026-01-12.html",
    "mixed run": "/dags/sales/runs/scheduled__2026-01-10.html",
    "grid": "/dags/sales/grid.html",
    "instances": "/dags/sales/runs/scheduled__2026-01-04/instances.html?task_id=extract.shops",
    "overview": "/dags/wide_5000/versions/1.html",
    "window": "/dags/wide_5000/versions/1.html?graph=window&x=2000&y=500",
    "groups": "/dags/wide_5000_grouped/versions/1.html",
    "open group": "/dags/wide_5000_grouped/versions/1.html?graph=groups&open=part_03",
    "hostile": "/dags/hostile/versions/1.html",
    "hostile diff": "/diff/hostile@1..hostile@2.html",
    "problem": "/dags/nowhere.html",
}
CONTRASTS = """() => {
    const channels = color => (color.match(/[\\d.]+/g) || []).map(Number);
    const light = color => {
        const [r, g, b] = channels(color).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const clear = color => color === "transparent" || color === "none" || channels(color)[3] === 0;
    const paper = element => {
        for (let at = element; at; at = at.parentElement) {
            const back = getComputedStyle(at).backgroundColor;
            if (!clear(back)) return back;
        }
        return "rgb(255, 255, 255)";
    };
    const found = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own || element.closest("title, script, style, option, .hidden")) continue;
        const style = getComputedStyle(element);
        const rect = element.closest("svg") && element.parentElement.querySelector("rect");
        const [ink, back] = rect ? [style.fill, getComputedStyle(rect).fill] : [style.color, paper(element)];
        const both = [light(ink), light(back)];
        const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
        if (ratio < 4.5) found.push(`${element.tagName}.${element.getAttribute("class")} ${ratio.toFixed(2)}: ${element.textContent.slice(0, 40)}`);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of an app over a store of DAGs that are worth looking at."""
    file = tmp_path_factory.mktemp("drawn") / "dags.db"
    fill(f"sqlite:///{file}")
    fill_drawn(f"sqlite:///{file}")
    before = file.read_bytes()
    with running(create_app(f"sqlite:///{file}")) as client:
        yield client
    assert file.read_bytes() == before


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for pictures of pages."""
    named = os.environ.get("DAGSERIAL_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def opened(browser: Browser, client: httpx.Client, path: str, **options: Any) -> Iterator[Page]:
    """Open a page; afterwards, no browser may have complained, nor asked any other host for anything."""
    complaints: list[str] = []
    asked: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{client.base_url}{path}")
    yield page
    context.close()
    expected = "the server responded with a status of 404"
    assert [one for one in complaints if expected not in one] == []
    assert [one for one in asked if not one.startswith((str(client.base_url), "data:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read(browser: Browser, shown: httpx.Client, screenshots: Path, name: str, scheme: Any) -> None:
    with opened(browser, shown, PAGES[name], color_scheme=scheme) as page:
        page.locator("html[data-ready='1']").wait_for()
        page.screenshot(path=screenshots / f"{name.replace(' ', '-')}-{scheme}.png")
        assert page.evaluate(CONTRASTS) == []  # WCAG 2.2, 1.4.3, level AA
        assert page.locator("h1").count() == 1
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
            "rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)"
        )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_the_same_without_scripts(browser: Browser, shown: httpx.Client, name: str) -> None:
    texts = []
    for has_scripts in (True, False):
        with opened(browser, shown, PAGES[name], java_script_enabled=has_scripts) as page:
            tables = page.locator("tbody, .timeline, .viewer svg").all()
            texts.append([page.locator("h1").inner_text(), *(table.text_content() for table in tables)])
    assert texts[0] == texts[1]


def test_every_page_has_its_twin_in_json(shown: httpx.Client) -> None:
    for name, path in PAGES.items():
        if name != "problem":
            body = shown.get(path, follow_redirects=True).text
            twin = re.findall(r'href="([^"]+)">(?:This page|This DAG) as JSON', body)
            assert len(twin) == 1, name
            assert shown.get(twin[0].replace("&amp;", "&")).status_code == 200, twin


def test_the_list_is_searched_while_typing_and_without_scripts(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, "/dags.html") as page:
        page.get_by_label("Search by id").fill("sal")
        assert page.locator("#dag-rows tr:visible th a").all_inner_texts() == ["sales"]
    with opened(browser, shown, "/dags.html", java_script_enabled=False) as page:
        page.get_by_label("Search by id").fill("SAL")
        page.get_by_role("button", name="Search").click()
        assert page.locator("#dag-rows th a").all_inner_texts() == ["sales"]
        page.locator("#dag-rows th a").click()
        assert page.locator("h1").inner_text() == "sales"


def test_a_dag_tells_what_changed_in_each_version(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, "/dags/sales.html") as page:
        steps = page.locator(".timeline li").all_inner_texts()
        assert [step.split("\n")[0].split(" 2026")[0] for step in steps] == ["Version 3", "Version 2", "Version 1"]
        assert "notify belongs to load" in steps[0]
        assert "2 breaking" in steps[1]
        assert "extract.customers: removed" in steps[1]
        page.get_by_role("link", name="Changed").nth(1).click()
        assert page.locator(".task.removed title").text_content() == "extract.customers: removed"


def test_a_graph_is_zoomed_by_buttons_keys_and_links(browser: Browser, shown: httpx.Client) -> None:
    path = "/dags/sales/versions/3.html"
    with opened(browser, shown, path) as page:
        picture = page.locator("svg.dag-graph")
        before = picture.bounding_box()
        page.get_by_role("button", name="Zoom in").click()
        nearer = picture.bounding_box()
        page.locator(".viewer").focus()
        page.keyboard.press("-")
        page.keyboard.press("-")
        farther = picture.bounding_box()
        assert before is not None
        assert nearer is not None
        assert farther is not None
        assert farther["width"] < before["width"] < nearer["width"]
    with opened(browser, shown, path, java_script_enabled=False) as page:
        picture = page.locator("svg.dag-graph")
        before_ = float(picture.get_attribute("width") or 0)
        page.get_by_role("link", name="200 %").click()
        assert float(picture.get_attribute("width") or 0) == 2 * before_


def test_all_is_reached_by_keys(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, "/dags/sales/versions/3.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('svg') !== null"):
                break
        focused = page.evaluate("document.activeElement.querySelector('title').textContent")
        assert focused == "audit (BashOperator)"
        assert page.evaluate("getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth") == "3px"
        page.keyboard.press("Enter")
        page.locator("#task").wait_for()
        assert "audit --day" in page.locator("#task").inner_text()


def test_a_graph_is_told_to_those_who_do_not_see_it(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, "/dags/sales/versions/3.html") as page:
        assert page.get_by_role("group", name="The graph of sales").count() == 1
        links = page.locator("svg").get_by_role("link")
        assert links.count() == 11
        assert page.locator("#task-rows tr").count() == 11
        assert page.locator("main").count() == page.locator("header nav").count() == page.locator("footer").count() == 1


def test_a_diff_is_one_graph_with_its_changes_beside(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, "/diff/sales@1..sales@3.html") as page:
        fates = {
            fate: sorted(page.locator(f".task.{fate} title").all_text_contents())
            for fate in ("added", "removed", "changed", "moved")
        }
        assert fates == {
            "added": ["audit: added", "load.staging.check: added"],
            "removed": ["extract.customers: removed"],
            "changed": ["load.publish: changed"],
            "moved": ["notify: moved"],
        }
        page.locator("a.task.removed").click()
        assert page.url.endswith("#c0")
        assert "extract.customers" in page.locator("tr:target").inner_text()
        assert page.locator("a.task.same").count() == 0


def test_a_grid_shows_each_run_with_the_tasks_of_its_record(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, "/dags/sales/grid.html") as page:
        rows = {
            row.locator("th").inner_text(): [cell.text_content() or "" for cell in row.locator("td").all()]
            for row in page.locator(".grid tbody tr").all()
        }
        assert [cell.strip() for cell in rows["extract.customers"]] == ["success"] * 4 + ["\N{EN DASH}no such task"] * 8
        assert ["no such task" in cell for cell in rows["audit"]] == [True] * 8 + [False] * 4
        assert rows["load.publish"][3] == "✕failed"
        assert rows["merge"][9] == "*success"
        assert page.locator(".grid thead a", has_text="Δ").count() == 2
        page.locator(".grid thead a", has_text="Δ").first.click()
        assert "2 breaking" in page.locator("main").inner_text()


def test_a_mixed_run_says_so_on_its_graph(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, "/dags/sales/runs/scheduled__2026-01-10.html") as page:
        assert page.locator(".task.other title").text_content() == "merge: success, another record"
        assert page.get_by_text("This run is mixed").count() == 1
        assert page.locator("a.task.success").count() == 11
    with opened(browser, shown, "/dags/sales/runs/scheduled__2026-01-04.html") as page:
        assert page.locator("a.task.failed title").text_content() == "load.publish: failed"
        assert page.get_by_text("This run is mixed").count() == 0
        page.locator("a.task", has_text="shops").click()
        assert page.locator("h1").inner_text() == "Instances of extract.shops"


def test_instances_are_sorted_and_kept_by_state(browser: Browser, shown: httpx.Client) -> None:
    path = "/dags/etl/runs/scheduled__2026-01-01T00:00:00+00:00/instances.html?task_id=square"
    with opened(browser, shown, path) as page:
        page.get_by_role("link", name="failed", exact=True).click()
        assert "There is no such task instance" in page.locator("main").inner_text()
    with opened(browser, shown, f"{path}&limit=4", java_script_enabled=False) as page:
        page.get_by_role("link", name="Next page").click()
        assert page.locator("tbody td:first-child").all_inner_texts() == ["4", "5", "6", "7"]
        page.get_by_role("link", name="Map index").click()
        assert page.locator("th[aria-sort=descending]").inner_text() == "Map index"
        page.get_by_role("link", name="Next page").click()
        assert page.locator("tbody td:first-child").all_inner_texts() == ["5", "4", "3", "2"]
        twin = str(page.get_by_role("link", name="This page as JSON").get_attribute("href"))
        assert [one["map_index"] for one in shown.get(twin).json()["instances"]] == [5, 4, 3, 2]
        page.get_by_role("link", name="State", exact=True).click()
        assert page.locator("th[aria-sort=ascending]").inner_text() == "State"
        assert page.locator("tbody td:first-child").all_inner_texts() == ["0", "1", "2", "3"]


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_graph_of_5000_tasks_opens_as_an_overview_that_leads_to_its_parts(
    browser: Browser, shown: httpx.Client, has_scripts: bool
) -> None:
    with opened(browser, shown, PAGES["overview"], java_script_enabled=has_scripts) as page:
        assert page.locator("svg.overview text").count() == 0
        assert page.locator("svg.overview path").count() <= 4
        page.locator("svg.overview a.tile").nth(20).click()
        names = page.locator("svg a.task").count()
        assert 20 < names < 500
        page.get_by_role("link", name="Down").click()
        assert page.locator("svg a.task").count() > 20
        page.locator("#task-rows a").first.click()
        assert page.locator("#task h2").inner_text() == "Task t00000"


def test_closed_groups_open_one_by_one(browser: Browser, shown: httpx.Client) -> None:
    with opened(browser, shown, PAGES["groups"]) as page:
        assert page.locator("svg a.group").count() == 50
        page.locator("svg a.group", has_text="part_07").click()
        assert page.locator("svg a.task").count() == 100
        assert page.locator("svg a.group").count() == 49
        page.locator("svg a.box").click()
        assert page.locator("svg a.group").count() == 50


def test_text_of_dags_does_nothing(browser: Browser, shown: httpx.Client) -> None:
    task = httpx.QueryParams({"task": HOSTILE})
    run = shown.get("/api/v1/dags/hostile/runs.json").json()["runs"][0]["url"]
    for path in (
        f"/dags/hostile/versions/1.html?{task}",
        "/dags/hostile.html",
        "/dags.html",
        "/runs.html",
        "/diff/hostile@1..hostile@2.html",
        "/dags/hostile/grid.html",
        run.replace("/api/v1", "").replace(".json", ".html"),
    ):
        with opened(browser, shown, path) as page:
            assert page.locator("script:not([src])").count() == 0
            assert page.locator("[href^='javascript:' i], [onclick], [onerror], iframe, object, embed").count() == 0
            assert page.locator("body").inner_text()
            assert SECRET not in page.content()


def test_every_dag_has_its_pages_whatever_its_id(shown: httpx.Client) -> None:
    listed = shown.get("/dags.html?limit=500").text
    found = [link.replace("&amp;", "&") for link in re.findall(r'<th scope="row"><a href="([^"]+)"', listed)]
    assert len(found) >= len(HOSTILE_IDS)
    for link in found:
        assert shown.get(link).status_code == 200, link
    for link in re.findall(r'<a href="([^"]+/grid\.html)"', listed):
        assert shown.get(link.replace("&amp;", "&")).status_code == 200, link


def test_links_are_right_wherever_the_app_is_mounted(browser: Browser, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'dags.db'}"
    fill(url)
    fill_drawn(url)
    with (
        running(Starlette(routes=[Mount("/under/here", app=create_app(url))])) as client,
        opened(browser, client, "/under/here/dags/sales/versions/3.html") as page,
    ):
        page.get_by_role("link", name="What changed since").click()
        page.locator("a.task.added").first.click()
        assert "/under/here/diff/" in page.url
        assert page.locator("tr:target").count() == 1
