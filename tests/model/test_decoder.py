"""Values back to Python, where what was lost or is unknown is said."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pendulum
import pytest

from dagserial.errors import UnsupportedValueError
from dagserial.model import Decoder, Encoder

DURATIONS = {
    "half a second": dt.timedelta(milliseconds=500),
    "a microsecond": dt.timedelta(microseconds=1),
    "months": pendulum.duration(months=2, hours=1),
    "years": pendulum.duration(years=1),
    "less than nothing": pendulum.duration(years=-1, months=-1),
}


@pytest.mark.parametrize("value", DURATIONS.values(), ids=DURATIONS.keys())
def test_a_duration_is_read_back_in_each_of_its_parts(value: dt.timedelta) -> None:
    read: Any = Decoder([pendulum.duration(days=1).__class__]).decode(Encoder().encode(value))
    parts = ("years", "months", "total_seconds")
    assert read == value
    assert [getattr(read, part, 0) for part in parts[:2]] == [getattr(value, part, 0) for part in parts[:2]]


def test_a_file_is_read_back_as_its_name() -> None:
    assert Decoder().decode({"$": "file", "digest": f"sha256:{0:064}", "path": "sql/a.sql"}) == "sql/a.sql"


def test_a_key_that_names_the_tree_is_written_as_a_text_that_does() -> None:
    written = Encoder(root="/srv/x").encode({"/srv/x/k": 1})
    assert written == {"$": "dict", "items": [[{"$": "rooted", "parts": ["", "/k"]}, 1]]}
    assert Decoder(root="/opt").decode(written) == {"/opt/k": 1}


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"$": "class", "name": "a.B"}, "name it, or its module, in Decoder(known=[...])"),
        ({"$": "module", "name": "a"}, "name it in Decoder(known=[...])"),
        ({"$": "asset", "uri": "x"}, "give Decoder(tags=...) a function for it"),
    ],
)
def test_what_is_not_known_is_refused_with_what_would_help(value: Any, hint: str) -> None:
    with pytest.raises(UnsupportedValueError) as caught:
        Decoder().decode(value)
    assert caught.value.hint == hint
    assert str(caught.value).endswith(hint)
