"""Markdown that comes with DAGs: shown where it is plain, text where it is anything else."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagserial.web.markdown import rendered_markdown

ALLOWED = {"p", "pre", "code", "ul", "li", "strong", "em", "a"}
PIECES = st.sampled_from(
    [
        "[x](",
        ")",
        "javascript:alert(1)",
        "https://a.invalid/",
        "<script>",
        "<b onclick=x>",
        "`",
        "```\n",
        "**",
        "*",
        "_",
        "# ",
        "- ",
        "1. ",
        "\n",
        "\n\n",
        '"',
        "'",
        "&lt;",
        "]",
        "[",
        " ",
        "word",
        "\x00",
        "data:text/html,<b>",
    ]
)


class Parsed(HTMLParser):
    """What a browser makes of a piece of HTML: tags, attributes, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_whatever_it_says_only_plain_tags_come_of_it(text: str) -> None:
    parsed = Parsed(rendered_markdown(text))
    assert set(parsed.tags) <= ALLOWED
    for name, value in parsed.attributes:
        assert name in ("class", "href", "rel")
        assert name != "href" or value.lower().startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Sales", '<p class="h">Sales</p>'),
        ("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("**a** *b* `c<d`", "<p><strong>a</strong> <em>b</em> <code>c&lt;d</code></p>"),
        ("```\nx = 1 < 2\n```", "<pre><code>x = 1 &lt; 2</code></pre>"),
        ("snake_case_name", "<p>snake_case_name</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("[x](javascript:alert)", "<p>[x](javascript:alert)</p>"),
        (
            "[guide](https://example.invalid/a?b&c)",
            '<p><a href="https://example.invalid/a?b&amp;c" rel="noopener noreferrer nofollow">guide</a></p>',
        ),
    ],
)
def test_what_is_plain_is_shown(text: str, shown: str) -> None:
    assert rendered_markdown(text) == shown
