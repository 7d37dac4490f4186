"""What a browser makes of a diff: the HTML page, and the graphs of a comment as Mermaid draws them."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from browser import open_page
from playwright.sync_api import Browser
from reports import EMPTY, NASTY, bash, dag, report, varied

from dagserial.diff.outputs import RENDERERS, Report
from dagserial.model.display import printable

DRAW = """async ([id, text]) => {
    mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
    const holder = document.createElement("div");
    holder.innerHTML = (await mermaid.render(id, text)).svg;
    return [...holder.querySelectorAll(".nodeLabel")].map(label => label.textContent);
}"""
BOXES = "boxes => boxes.map(box => box.getBoundingClientRect()).map(box => [box.x, box.y, box.width, box.height])"
POINTS = """paths => paths.map(path => {
    const to = path.getScreenCTM(), length = path.getTotalLength();
    return Array.from({length: 200}, (_, at) => path.getPointAtLength(length * at / 199).matrixTransform(to))
        .map(point => [point.x, point.y]);
})"""
CONTRASTS = """texts => texts.map(text => {
    const light = color => {
        const [r, g, b] = color.match(/\\d+/g).map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const box = text.parentElement.querySelector("rect");
    const both = [light(getComputedStyle(text).fill), light(getComputedStyle(box).fill)];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
})"""


def page_of(found: Report, folder: Path) -> str:
    file = folder / "diff.html"
    text = RENDERERS["html"](found)
    assert isinstance(text, str)
    file.write_text(text, encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_read_without_a_complaint_or_a_request(browser: Browser, tmp_path: Path, scheme: str) -> None:
    found = varied()
    with open_page(browser, page_of(found, tmp_path), color_scheme=scheme) as page:
        assert page.locator("tbody tr").count() == len(found.diff.changes)
        assert page.get_by_text(printable(NASTY)[:40]).count()
        for fold in page.locator("details:not([open]) > summary").all():
            fold.click()
        assert page.locator("details:not([open])").count() == 0
        contrasts = page.locator("svg text").evaluate_all(CONTRASTS)
    assert contrasts
    assert min(contrasts) >= 4.5  # WCAG 2.2, 1.4.3, level AA


def test_no_page_is_read_without_a_complaint_either(browser: Browser, tmp_path: Path) -> None:
    with open_page(browser, page_of(EMPTY, tmp_path)) as page:
        assert page.locator("h1 + p").inner_text() == "no changes"


def test_tasks_are_drawn_apart_and_their_names_within(browser: Browser, tmp_path: Path) -> None:
    old = dag("wide", {f"{number}_{'W' * 40}": bash("old") for number in range(30)})
    new = dag("wide", dict.fromkeys(old.tasks, bash("new")))
    with open_page(browser, page_of(report({"wide": old}, {"wide": new}), tmp_path)) as page:
        boxes = page.locator("svg rect").evaluate_all(BOXES)
        names = page.locator("svg text").evaluate_all(BOXES)
    assert len(boxes) == len(names) == 30
    ordered = sorted(boxes, key=lambda box: box[1])
    assert all(above[1] + above[3] < below[1] for above, below in pairwise(ordered))
    for box, name in zip(boxes, names, strict=True):
        assert box[0] <= name[0]
        assert name[0] + name[2] <= box[0] + box[2]


def test_mermaid_draws_the_graphs_of_a_comment_with_names_as_they_are(
    browser: Browser, npm_package: Callable[[str], Path]
) -> None:
    text = RENDERERS["markdown"](varied())
    assert isinstance(text, str)
    blocks = re.findall(r"\n```mermaid\n(.*?)\n```\n", text, flags=re.DOTALL)
    page = browser.new_page()
    page.set_content("<body></body>")
    page.add_script_tag(path=npm_package("mermaid@11") / "dist" / "mermaid.min.js")
    drawn = [page.evaluate(DRAW, [f"graph{number}", block]) for number, block in enumerate(blocks)]
    page.close()
    assert [len(names) for names in drawn] == [
        len(re.findall(r"^  t\d+\[", block, flags=re.MULTILINE)) for block in blocks
    ]
    nasty = next(name for name in drawn[0] if name.endswith("…"))
    assert printable(NASTY).startswith(nasty[:-1])
    assert {"fresh", "get", "load", "send"} < set(drawn[0])


def test_a_long_edge_goes_round_what_lies_between(browser: Browser, tmp_path: Path) -> None:
    old = dag("etl", {"a": bash("a"), "b": bash("b", "a"), "c": bash("c", "a", "b")})
    new = dag("etl", {name: bash("new", *task.upstream) for name, task in old.tasks.items()})
    with open_page(browser, page_of(report({"etl": old}, {"etl": new}), tmp_path)) as page:
        boxes = page.locator("svg rect").evaluate_all(BOXES)
        hits = page.locator("svg path").evaluate_all(POINTS)
    inside = [
        (at, number)
        for at, points in enumerate(hits)
        for x, y in points
        for number, (left, top, width, height) in enumerate(boxes)
        if left + 1 < x < left + width - 1 and top + 1 < y < top + height - 1
    ]
    assert (len(boxes), len(hits), inside) == (3, 3, [])
