"""Write a file as one comment on a GitHub pull request: a new one, or anew where it stands already.

`comment.py FILE NEWS`, with GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH and INPUT_TOKEN in the environment.
The first line of the file marks the comment. NEWS is `true` or `false`; without news no comment is begun. A comment
that cannot be written is a warning and no failure: the token of a pull request from a fork may only read.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

MOST_LETTERS = 65_000
"""GitHub takes 65,536."""
_PAGE = 100


def main() -> None:
    """Write the comment, and say where it is or why there is none."""
    file, news = sys.argv[1:]
    with open(file, encoding="utf-8") as stream:
        body = fitting(stream.read())
    with open(os.environ["GITHUB_EVENT_PATH"], encoding="utf-8") as stream:
        number = json.load(stream).get("pull_request", {}).get("number")
    if not number or not os.environ.get("INPUT_TOKEN"):
        print("No comment: there is no pull request, or no token.")
        return
    try:
        print(written(body, int(number), begins=news == "true"))
    except urllib.error.HTTPError as error:
        hint = " The token may only read, as in a pull request from a fork." if error.code in (401, 403, 404) else ""
        _warn(f"GitHub answers {error.code}.{hint}")
    except (OSError, ValueError) as error:
        _warn(f"{type(error).__name__}.")


def _warn(why: str) -> None:
    print(f"::warning title=dagserial::No comment: {why} The summary of the job has it.")


def fitting(body: str) -> str:
    """Return a text no longer than a comment may be, cut between two lines, with a line that says so."""
    end = "\n\n… cut: the summary of the job has all of it.\n"
    if len(body) <= MOST_LETTERS:
        return body
    return body[: body.rindex("\n", 0, MOST_LETTERS - len(end))] + end


def written(body: str, number: int, *, begins: bool) -> str:
    """Write the comment and return what was done.

    Args:
        begins: write one if there is none yet.
    """
    repository = f"/repos/{os.environ['GITHUB_REPOSITORY']}"
    known = own_comment(f"{repository}/issues/{number}/comments", body.splitlines()[0])
    if known is not None:
        return f"Rewrote {call('PATCH', f'{repository}/issues/comments/{known}', body)['html_url']}"
    if not begins:
        return "No comment: nothing changed."
    return f"Wrote {call('POST', f'{repository}/issues/{number}/comments', body)['html_url']}"


def own_comment(comments: str, mark: str) -> int | None:
    """Return the id of our last comment; one that merely looks like it is somebody else's."""
    author = own_login()
    page = 1
    while True:
        found = call("GET", f"{comments}?per_page={_PAGE}&page={page}")
        for comment in found:
            user = comment.get("user") or {}
            is_own = user.get("login") == author if author else user.get("type") == "Bot"
            if is_own and comment["body"].replace("\r\n", "\n").startswith(f"{mark}\n"):
                return int(comment["id"])
        if len(found) < _PAGE:
            return None
        page += 1


def own_login() -> str | None:
    """Return whose token it is; None for the token of a workflow, which GitHub does not tell."""
    try:
        return str(call("GET", "/user")["login"])
    except urllib.error.HTTPError:
        return None


def call(method: str, path: str, body: str | None = None) -> Any:
    """Return what GitHub answers.

    Raises:
        HTTPError: it refuses.
    """
    request = urllib.request.Request(
        os.environ["GITHUB_API_URL"] + path,
        None if body is None else json.dumps({"body": body}).encode(),
        {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['INPUT_TOKEN']}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
