"""The tea merchant's counter: a card of pots, paid for ahead, and who drinks them.

Three people buy one: Ada has three pots of hers, the second drinks a whole card and buys another,
the third changes his mind after one pot and gets his money back for the rest. Ada and Ben pay a part
of what they buy there with store credit; his cup was broken, and its share comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.merchant import Ware, three
from rewards.credit import giving_back, purse
from rewards.credit import taking as crediting
from rewards.credit.giving_back import GivingBack
from rewards.credit.models import CreditTaking
from rewards.topups import taking
from rewards.topups.rules import TopUp
from rewards.topups.taking import Taking
from shop import ordering
from shop.ordering import LineDraft, OrderDraft

CARD = Ware(
    "card-of-pots",
    three("A card of ten pots", "十壶茶卡", "十壺茶卡"),
    three(
        "Pay for nine pots at our counter, drink ten.",
        "在店里付九壶的钱，喝十壶茶。",
        "在店裡付九壺的錢，喝十壺茶。",
    ),
    three(
        "Any tea of the house, brewed for you at the counter. Show your code; no paper card to lose.",
        "店里任意一款茶，现场为你冲泡。出示代码即可，没有纸卡可丢。",
        "店裡任意一款茶，現場為你沖泡。出示代碼即可，沒有紙卡可丟。",
    ),
    5_400,
    "box",
)
POTS = TopUp(
    key="pots",
    name=three("Ten pots for nine", "付九壶，喝十壶", "付九壺，喝十壺"),
    unit=three("A pot of tea at the counter", "店里的一壶茶", "店裡的一壺茶"),
    product=CARD.slug,
    units=9,
    every=9,
    free=1,
)

Act = Callable[[Session, datetime], None]


class Counter:
    """What is sold and poured; `members` are ids by mailbox, learnt while the story is told."""

    def __init__(self, members: Mapping[str, str]) -> None:
        self._members = members
        self._orders: dict[str, str] = {}  # the last of each guest
        self._uses: dict[str, str] = {}
        self._number = count(1)

    def serve(self, at: Callable[[float, Act], None], guests: Sequence[str], today: float) -> None:
        """Let three guests (mailboxes) buy cards and drink; `today` ends the story."""
        first, second, third = guests
        at(today - 48, self._sell(second))
        for pot in range(10):
            at(today - 46 + 2.5 * pot, self._pour(second))
        at(today - 34, self._sell(third))
        at(today - 33, self._pour(third))
        at(today - 30, self._refund(third))
        at(today - 24, self._sell(first))
        at(today - 20, self._sell(second))
        for day in (22, 15, 4, 3.9):
            at(today - day, self._pour(first))
        at(today - 3.8, self._give_back(first))
        at(today - 9, self._pour(second))
        at(today - 5, self._pay_a_part(first, "till-4471"))
        at(today - 4, self._pay_a_part("ben.marsh", "till-4502"))
        at(today - 3, self._replace_the_cup("ben.marsh", "till-4502"))

    def _sell(self, guest: str) -> Act:
        def act(session: Session, now: datetime) -> None:
            line = LineDraft(CARD.name["en"], 1, CARD.price, CARD.slug)
            number, buyer = f"BK-C{next(self._number)}", self._members[guest]
            draft = OrderDraft(number, buyer, CARD.price, "USD", now, [line], now.date(), "demo")
            order = ordering.place(session, draft, now)
            ordering.pay(session, order.id, now)
            ordering.deliver(session, order.id, now)
            self._orders[guest] = order.id

        return act

    def _pour(self, guest: str) -> Act:
        def act(session: Session, now: datetime) -> None:
            key = f"demo:{next(self._number)}"
            wanted = Taking(self._members[guest], POTS.key, key, by_id=self._members["sam"])
            self._uses[guest] = taking.take(session, wanted, now).id

        return act

    def _give_back(self, guest: str) -> Act:
        """The last pot was somebody else's."""

        def act(session: Session, now: datetime) -> None:
            taking.give_back(session, self._uses[guest], now)

        return act

    def _pay_a_part(self, guest: str, order: str) -> Act:
        """Half of what she has, if that is worth opening the purse."""

        def act(session: Session, now: datetime) -> None:
            member_id, sam = self._members[guest], self._members["sam"]
            half = purse.purse(session, member_id, "USD", now).available // 2
            if half >= 50:
                paid = crediting.Taking(member_id, order, half, "USD", by_id=sam)
                crediting.take(session, paid, now)

        return act

    def _replace_the_cup(self, guest: str, order: str) -> Act:
        def act(session: Session, now: datetime) -> None:
            paid = session.scalars(
                select(CreditTaking).where(
                    CreditTaking.reference == order,
                    CreditTaking.member_id == self._members[guest],
                )
            ).first()
            if paid is not None:
                back = GivingBack(paid.id, "cup", paid.amount // 3, by_id=self._members["sam"])
                giving_back.give_back(session, back, now)

        return act

    def _refund(self, guest: str) -> Act:
        """The money for eight of nine: one was used."""

        def act(session: Session, now: datetime) -> None:
            order = self._orders[guest]
            ordering.refund(session, order, CARD.price * 8 // 9, f"RF-{order}", now)

        return act
