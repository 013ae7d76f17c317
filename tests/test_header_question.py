"""The one question that every signed-in page asks stays cheap however much there is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

import app as application
from foundation.doors import database as opened
from foundation.doors import reading
from members.session import Viewers


def test_it_goes_by_indexes_alone(database: Any) -> None:
    if opened().dialect != "postgresql":
        pytest.skip(
            "PostgreSQL chooses its plan by the size of tables; SQLite takes what index fits"
        )
    question = Viewers(application.COUNTS).question.replace("?", ":token")
    with reading() as session:
        session.execute(text("set local enable_seqscan = off"))
        plan = "\n".join(session.scalars(text(f"explain {question}"), {"token": "x"}))
    assert "Seq Scan" not in plan, plan
