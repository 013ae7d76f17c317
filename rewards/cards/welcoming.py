"""Welcome vouchers: once per member ever, when her address is confirmed or she has bought so often.

Nobody gets one before the address is confirmed, and none of two accounts of one mailbox but the
first; so a second one needs a second mailbox. Whoever bought before she signed up has her orders
counted then. That she is due one is a fact, which happens once for each member and voucher, and a
rule that the welcome voucher writes pays for it (`rules.rule_of_welcome`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact, FactDraft, record_many
from rewards import programme
from rewards.budgets import committing
from rewards.cards.newcomers import KINDS, SAME_MAILBOX, welcomed
from rewards.cards.rules import WELCOME
from rewards.earning import happened
from rewards.happenings import Happened, month_of
from rewards.locking import keep_programme, lock_members
from rewards.models import Voucher
from rewards.programme import Version
from rewards.tallies import CHUNK


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Give what the programme of its day promises to whom each fact makes welcome."""
    wanted = [happened(fact) for fact in heard if fact.kind in KINDS]
    if not wanted:
        return
    keep_programme(session)
    dated = programme.timeline(session)
    by_version: dict[int, list[Happened]] = {}
    for fact in wanted:
        number = programme.in_force(dated, fact.at)
        if number is not None:
            by_version.setdefault(number, []).append(fact)
    versions = programme.numbered(session, by_version)
    due = [
        draft
        for number, facts in sorted(by_version.items())
        if versions[number].rules.welcome
        for draft in _due(session, versions[number], facts)
    ]
    if due:
        # Budgets first, then members, as whoever gives does (`committing`).
        rules = [version.rules for version in versions.values()]
        committing.lock(session, rules, {month_of(each.at) for each in due})
        lock_members(session, {str(each.member_id) for each in due})
        had = _had(session, due)
        fresh = [each for each in due if (each.member_id, each.details["rule"]) not in had]
        first = {each.subject: each for each in reversed(fresh)}  # of two versions the earlier
        record_many(session, list(reversed(first.values())), now)


def _due(session: Session, version: Version, facts: list[Happened]) -> list[FactDraft]:
    """Whom these facts make welcome, under the version they happened in."""
    proven = _proven(session, facts)
    second = _with(session, SAME_MAILBOX, _asked(facts))
    due: list[FactDraft] = []
    for fact in facts:
        for member_id, voucher in welcomed(
            version.rules,
            fact,
            proven.__contains__,
            second.__contains__,
            lambda who: _bought(session, who),
        ):
            details = {"rule": voucher.rule, "programme": version.number}
            subject = f"{voucher.rule}:{member_id}"
            due.append(FactDraft("member.welcomed", member_id, subject, fact.at, details))
    return due


def _had(session: Session, due: Iterable[FactDraft]) -> set[tuple[str | None, str]]:
    """Who of them got which welcome voucher before it was a fact that she is due one."""
    wanted, found = sorted({str(each.member_id) for each in due}), set[tuple[str | None, str]]()
    for start in range(0, len(wanted), CHUNK):
        hers = Voucher.member_id.in_(wanted[start : start + CHUNK])
        query = select(Voucher.member_id, Voucher.request_key)
        rows = session.execute(query.where(hers, Voucher.request_key.startswith(WELCOME)))
        found.update((row.member_id, row.request_key) for row in rows)
    return found


def _proven(session: Session, facts: Iterable[Happened]) -> set[str]:
    """Who of those who paid has confirmed her address."""
    paid = {str(fact.member_id) for fact in facts if fact.kind == "order.paid"}
    return _with(session, "member.verified", paid)


def _asked(facts: Iterable[Happened]) -> set[str]:
    """Whom the facts could make welcome."""
    return {str(fact.details.get("friend") or fact.member_id) for fact in facts}


def _with(session: Session, kind: str, members: Iterable[str]) -> set[str]:
    """Who of them has a fact of this kind."""
    wanted, found = sorted(members), set[str]()
    for start in range(0, len(wanted), CHUNK):
        hers = (Fact.member_id.in_(wanted[start : start + CHUNK]), Fact.kind == kind)
        found.update(map(str, session.scalars(select(Fact.member_id).where(*hers))))
    return found


def _bought(session: Session, member_id: str) -> int:
    paid = (Fact.member_id == member_id, Fact.kind == "order.paid")
    return session.scalar(select(func.count()).where(*paid)) or 0
