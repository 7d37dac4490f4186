"""What is refused before it reaches a column."""

from datetime import datetime, timedelta, timezone

import pytest

from dagserial.errors import SettingsError
from dagserial.store.limits import checked_conf, checked_id, checked_image, checked_moment, checked_text

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize("image", [f"etl@sha256:{HEX}", f"example.org:5000/a/b:1.2@sha256:{HEX}", None])
def test_pinned_image_is_taken(image: str | None) -> None:
    assert checked_image(image) == image


@pytest.mark.parametrize(
    "image",
    [
        "",
        "etl",
        "etl:1",
        f"sha256:{HEX}",
        f"@sha256:{HEX}",
        f"etl@sha256:{HEX[1:]}",
        f"etl@sha256:{HEX}0",
        f"etl@sha256:{HEX.upper()}",
        f"a b@sha256:{HEX}",
        f"a@b@sha256:{HEX}",
        f"etl@sha512:{HEX}",
        f"etl@sha256:{HEX}\n",
        f"a\0b@sha256:{HEX}",
    ],
)
def test_image_that_is_not_pinned_is_refused(image: str) -> None:
    with pytest.raises(SettingsError, match="image"):
        checked_image(image)


@pytest.mark.parametrize("length", [1, 250])
def test_id_is_counted_in_characters(length: int) -> None:
    assert checked_id("dag_id", "\U0001f680" * length) == "\U0001f680" * length


def test_no_text_is_no_error() -> None:
    assert checked_text("source", None) is None
    assert checked_text("source", "") == ""


def test_moment_out_of_range_in_utc_is_refused() -> None:
    with pytest.raises(SettingsError, match="out of range"):
        checked_moment("created_at", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))))


def test_conf_is_what_json_reads_back() -> None:
    given = {"a": (1, 2)}
    assert checked_conf(given) == {"a": [1, 2]}
    assert checked_conf(None) is None


def test_conf_in_a_circle_is_refused() -> None:
    conf: dict[str, object] = {}
    conf["conf"] = conf
    with pytest.raises(SettingsError, match="not JSON"):
        checked_conf(conf)
