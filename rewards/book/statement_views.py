"""Pages of a member's statement: looked at, and taken home as CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context
from sqlalchemy.orm import Session

from foundation import clock, words
from foundation.clock import typed_day
from foundation.doors import reading
from ledger import movements
from ledger.movements import Held
from members.session import members_only, signed_in
from rewards.book import amounts, statement, statement_words
from rewards.rules import POINTS

bp = Blueprint("statement", __name__)

Pieces = Callable[[Session, str, Held, datetime], Iterator[str]]


@bp.get("/me/rewards/statement")
@members_only
def show() -> Any:
    """All movements of one commodity, and the five numbers, now or on a past day."""
    asked = request.args.get("day", "")
    day = typed_day(asked)
    with reading() as session:
        page = statement.read(
            session,
            signed_in().id,
            request.args.get("commodity"),
            day,
            request.args.get("page"),
        )
        name_of = amounts.naming(session, (each.code for each in page.commodities))
    today = clock.now().astimezone(words.current_zone()).date()
    return render_template(
        "rewards/book/statement.html",
        statement=page,
        name_of=name_of,
        names=statement_words.names(page.held.code),
        written=lambda units: amounts.written(units, page.held.code, page.held.scale),
        asked=asked,
        unread=bool(asked and day is None),
        today=today,
    )


@bp.get("/me/rewards/statement.csv")
@members_only
def as_csv() -> Any:
    """The whole history for a spreadsheet."""
    return _download(
        "csv", "text/csv", lambda session, who, held, now: statement.csv_pieces(session, who, held)
    )


@bp.get("/me/rewards/statement.json")
@members_only
def as_json() -> Any:
    """The whole history for a program."""
    return _download("json", "application/json", statement.json_pieces)


def _download(ending: str, mimetype: str, pieces: Pieces) -> Response:
    member_id, wanted = signed_in().id, request.args.get("commodity")
    with reading() as session:
        known = movements.commodities_of(session, member_id)
    held = next((each for each in known if each.code == wanted), Held(POINTS, 0))

    def written() -> Iterator[str]:
        with reading() as session:
            yield from pieces(session, member_id, held, clock.now())

    name = f"statement-{held.code}.{ending}".replace(":", "-")
    name = name.encode("ascii", "replace").decode()
    answer = Response(stream_with_context(written()), mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
