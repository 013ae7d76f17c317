"""The typefaces are cut from packages and served by ourselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from foundation.web import typefaces


@pytest.mark.parametrize("name", typefaces.FACES)
def test_it_works(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/typefaces/{name}.woff2")
    assert answer.status_code == 200
    assert answer.mimetype == "font/woff2"
    assert answer.data.startswith(b"wOF2")
    assert len(answer.data) < 32_000
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_face_that_we_do_not_use_is_not_found(client: FlaskClient) -> None:
    assert client.get("/typefaces/comic-400.woff2").status_code == 404


def test_a_place_that_cannot_be_written_only_costs_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    monkeypatch.setattr(typefaces, "SHELF", in_the_way / "typefaces")
    assert typefaces.face("sans-400").startswith(b"wOF2")


def test_what_was_cut_once_is_not_cut_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(typefaces, "SHELF", tmp_path)
    first = typefaces.face("sans-400")
    monkeypatch.delattr(typefaces, "cut")
    assert typefaces.face("sans-400") == first
