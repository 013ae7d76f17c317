"""What members are told about perks, papers and seats. Names are passed in all their languages."""

from __future__ import annotations

from notifications.notices import Notice

_PERK = {"en": "Priority answers", "zh_Hans": "优先回复", "zh_Hant": "優先回覆"}
_PAPER = {"en": "Harvest notes", "zh_Hans": "采收笔记", "zh_Hant": "採收筆記"}

PERK_GRANTED = Notice(
    "perk.granted",
    "rewards",
    {
        "perk": _PERK,
        "description": {},
        "reason": "You answered half the club.",
        "until": "2026-06-03T12:00:00+00:00",
    },
)
PERK_REVOKED = Notice(
    "perk.revoked", "account", {"perk": _PERK, "reason": "It was meant for the spring only."}
)
PAPER_REVOKED = Notice(
    "paper.revoked", "account", {"paper": _PAPER, "reason": "A copy stood in public."}
)
PAPER_RESTORED = Notice("paper.restored", "account", {"paper": _PAPER})
SEAT_INVITED = Notice(
    "seat.invited",
    "account",
    {
        "by": "Olga",
        "units": None,
        "reason": "You know our teas.",
        "until": "2026-04-03T12:00:00+00:00",
    },
)
SEAT_WITHDRAWN = Notice("seat.withdrawn", "account", {"reason": "The council is full."})
SEAT_ENDED = Notice("seat.ended", "account", {"reason": "You asked for it.", "units": None})
UNITS_VESTED = Notice("units.vested", "account", {"amount": 25, "vested": 300, "total": 1_200})
UNITS_SETTLED = Notice("units.settled", "account", {"amount": 300, "lapsed": False})

NOTICES = (
    PERK_GRANTED,
    PERK_REVOKED,
    PAPER_REVOKED,
    PAPER_RESTORED,
    SEAT_INVITED,
    SEAT_WITHDRAWN,
    SEAT_ENDED,
    UNITS_VESTED,
    UNITS_SETTLED,
)
