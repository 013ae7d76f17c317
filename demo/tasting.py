"""A tasting day in the demo: who was there gets points from Olga's hand, out of one file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

from rewards.awarding import award_files, checking, giving, starting
from rewards.awarding.starting import Terms

GUESTS = ("ada", "clara.nyberg", "devi.raman", "hugo.marchetti", "maya.cohen", "rosa.jimenez")
#: Who washed the cups gets more, and reads why.
ROWS = (
    *(f"{guest}@tea.example,25," for guest in GUESTS),
    "liam.doyle@tea.example,40,Thank you for washing forty cups",
)


def thank(session: Session, members: Mapping[str, str], now: datetime) -> None:
    """Look at the file and give it, as her page does; `members` are ids by mailbox."""
    terms = Terms("Spring tasting", "Thank you for tasting with us", members["olga"], True, 180)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "spring-tasting.csv"
        path.write_text("\n".join(("email,points,reason", *ROWS)))
        source = award_files.look_at(path)
        found = checking.check(session, source, terms, now).document()
        set_id = starting.start(session, source, terms, "checked", now, checked=found).id
        giving.give_within(session, set_id, source, now)
