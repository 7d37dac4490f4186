"""Show Markdown that comes with DAGs: its plain parts, as HTML that can do nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from dagserial.model.display import printable

_INLINE = re.compile(
    r"(?P<code>`[^`\n]+`)"
    r"|\[(?P<text>[^\[\]\n]{1,300})\]\((?P<url>[^\s()<>\"']{1,2000})\)"
    r"|\*\*(?P<strong>[^*\n]+)\*\*"
    r"|(?<![\w*])[*_](?P<emphasis>[^*_\n]+)[*_](?![\w*])"
)
_SAFE_URL = re.compile(r"(?:https?://|mailto:)[^\s\"'<>]+", re.IGNORECASE)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,4}[.)])\s+(.*)")
_LONGEST = 50_000


def rendered_markdown(text: str) -> Markup:
    """Return headings, paragraphs, lists, code and emphasis as HTML; all else, HTML among it, stays text.

    A link that leads anywhere but to http, https or mailto is text.

    >>> rendered_markdown("# Hi\\n[x](javascript:a) <b>")
    Markup('<p class="h">Hi</p>\\n<p>[x](javascript:a) &lt;b&gt;</p>')
    """
    return Markup("\n").join(_blocks(text[:_LONGEST].expandtabs(4).split("\n")))


def _blocks(lines: list[str]) -> Iterator[Markup]:
    at = 0
    while at < len(lines):
        start = at
        if not lines[at].strip():
            at += 1
        elif lines[at].lstrip().startswith("```"):
            at = next((n for n in range(at + 1, len(lines)) if lines[n].lstrip().startswith("```")), len(lines)) + 1
            inner = "\n".join(map(printable, lines[start + 1 : at - 1]))
            yield Markup("<pre><code>{}</code></pre>").format(inner)
        elif heading := _HEADING.match(lines[at]):
            at += 1
            yield Markup('<p class="h">{}</p>').format(_inline(heading[2]))
        elif _ITEM.match(lines[at]):
            while at < len(lines) and _ITEM.match(lines[at]):
                at += 1
            items = [_inline(item[1]) for line in lines[start:at] if (item := _ITEM.match(line))]
            yield Markup("<ul>{}</ul>").format(Markup().join(Markup("<li>{}</li>").format(item) for item in items))
        else:
            at += 1
            while at < len(lines) and lines[at].strip() and not _begins(lines[at]):
                at += 1
            yield Markup("<p>{}</p>").format(_inline(" ".join(line.strip() for line in lines[start:at])))


def _begins(line: str) -> bool:
    return line.lstrip().startswith("```") or bool(_HEADING.match(line) or _ITEM.match(line))


def _inline(text: str) -> Markup:
    found, at = Markup(), 0
    for match in _INLINE.finditer(text):
        found += escape(printable(text[at : match.start()])) + _piece(match)
        at = match.end()
    return found + escape(printable(text[at:]))


def _piece(match: re.Match[str]) -> Markup:
    if code := match["code"]:
        return Markup("<code>{}</code>").format(printable(code[1:-1]))
    if url := match["url"]:
        if not _SAFE_URL.fullmatch(url):
            return escape(printable(match[0]))
        link = '<a href="{}" rel="noopener noreferrer nofollow">{}</a>'
        return Markup(link).format(printable(url), printable(match["text"]))
    if strong := match["strong"]:
        return Markup("<strong>{}</strong>").format(printable(strong))
    return Markup("<em>{}</em>").format(printable(match["emphasis"]))
