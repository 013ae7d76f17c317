"""Pages of the owner's book: trial balance, what is outstanding, and the journal to take home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from sqlalchemy.orm import Session

from foundation import clock
from foundation.clock import typed_day
from foundation.doors import reading
from foundation.refusal import Refused
from foundation.sheets import Cell, as_csv
from foundation.words import _, when
from ledger import beancount, journal
from ledger.journal import Period, moment
from members.session import requires
from rewards.book import amounts, liability, reckoning, statement_words, trial
from rewards.book.reckoning import Kind, Reckoning

bp = Blueprint("book", __name__)

TRIAL_COLUMNS = ("commodity", "kind", "accounts", "debit", "credit", "counted_at")


@bp.app_template_global("written_amount")
def written_amount(units: int, code: str, scale: int) -> str:
    """An amount of any commodity in the reader's language."""
    return amounts.written(units, code, scale)


@bp.get("/book")
@requires("book.see")
def trial_balance() -> Any:
    """What is on the accounts of everything, or of one commodity; debits equal credits."""
    reckoned = reckoning.present(clock.now())
    with reading() as session:
        name_of = amounts.naming(session, reckoned.scales)
    return render_template(
        "rewards/book/trial_balance.html",
        reckoned=reckoned,
        trial=trial.arrange(reckoned, request.args.get("commodity")),
        name_of=name_of,
        accounts_of=statement_words.accounts,
    )


@bp.get("/book/trial-balance.csv")
@requires("book.see")
def trial_balance_csv() -> Any:
    """The trial balance for a spreadsheet."""
    reckoned = reckoning.present(clock.now())
    rows = (_cells(row, reckoned) for row in reckoned.kinds)
    return _file("trial-balance.csv", "text/csv", as_csv(TRIAL_COLUMNS, rows))


def _cells(row: Kind, reckoned: Reckoning) -> list[Cell]:
    scale = reckoned.scales[row.commodity]
    debit, credit = amounts.plain(row.debit, scale), amounts.plain(row.credit, scale)
    return [row.commodity, row.kind, row.accounts, debit, credit, moment(reckoned.at)]


@bp.get("/book/outstanding")
@requires("book.see")
def outstanding() -> Any:
    """What members may still claim, by tier and age, and how much of it will be."""
    reckoned = reckoning.present(clock.now())
    with reading() as session:
        page = liability.read(session, reckoned, request.args.get("commodity"))
        name_of = amounts.naming(session, reckoned.scales)
    of, scale = page.commodity, page.scale
    days = [
        (when(liability.day_of(day)), units, amounts.written(units, of, scale))
        for day, units in page.days
    ]
    return render_template(
        "rewards/book/outstanding.html",
        page=page,
        days=days,
        name_of=name_of,
        names=statement_words.names(page.commodity),
        most_shown=trial.MOST_OPEN,
    )


@bp.get("/book/outstanding.csv")
@requires("book.see")
def outstanding_csv() -> Any:
    """What is outstanding for a spreadsheet."""
    reckoned = reckoning.present(clock.now())
    return _file("outstanding.csv", "text/csv", liability.csv_pieces(reckoned))


@bp.post("/book/count")
@requires("book.see")
def count() -> Any:
    """Reckon now instead of tonight."""
    reckoning.reckon(clock.now())
    flash(_("Counted anew."), "good")
    back = "book.outstanding" if request.form.get("back") == "outstanding" else "book.trial_balance"
    return redirect(url_for(back), 303)


@bp.get("/book/journal")
@requires("book.export")
def journal_page() -> Any:
    """Choose days and a format, and take the journal home."""
    return render_template("rewards/book/journal.html", today=clock.now().date())


@bp.get("/book/journal.beancount")
@requires("book.export")
def journal_beancount() -> Any:
    """The journal in Beancount's language."""
    period, now = _period(), clock.now()
    return _streamed(
        "journal.beancount", "text/plain", lambda session: beancount.text(session, period, now)
    )


@bp.get("/book/journal.csv")
@requires("book.export")
def journal_csv() -> Any:
    """The journal for a spreadsheet."""
    period = _period()
    return _streamed("journal.csv", "text/csv", lambda session: journal.csv_rows(session, period))


def _period() -> Period:
    period = Period(_day("from"), _day("to"))
    if period.is_empty:
        raise Refused("The last day is before the first one. Choose the days again.", code="period")
    return period


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    if not text:
        return None
    day = typed_day(text)
    if day is None:
        raise Refused("“%(text)s” is not a day. Write it like 2026-03-31.", code="day", text=text)
    return day


def _streamed(name: str, mimetype: str, pieces: Callable[[Session], Iterator[str]]) -> Response:
    def written() -> Iterator[str]:
        with reading() as session:
            yield from pieces(session)

    return _file(name, mimetype, stream_with_context(written()))


def _file(name: str, mimetype: str, pieces: Iterator[str]) -> Response:
    answer = Response(pieces, mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
