"""What owners, staff and members type around rewards is text on whatever page it appears."""

from __future__ import annotations

import csv
import re
from html import unescape
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from demo import shelves
from foundation import clock
from foundation.doors import writing
from foundation.settings import Settings
from rewards import drafting, publishing
from rewards.awarding import award_files, checking, giving, starting
from rewards.awarding.models import Award
from rewards.awarding.starting import Terms
from rewards.cards.rules import StampCard
from rewards.catalogue import fulfilling, redeeming, stock
from rewards.papers import copies
from rewards.papers import writing as papers
from rewards.papers.writing import PaperDraft
from rewards.perks import granting
from rewards.perks.granting import PerkDraft
from rewards.rules import Programme, read
from rewards.seats import agreements, inviting, leaving, unit_gate
from rewards.seats.inviting import InvitationDraft
from rewards.sections import SECTIONS
from tests import world as worlds
from tests.shop import orders
from tests.test_permissions import ASKED, MAY, routes
from tests.test_security import PAYLOADS, risky
from tests.world import World

EVERYTHING = "\n\n".join(PAYLOADS)
#: Breaks out of an attribute, of a text area and of an element.
BREAKING = "\"'></textarea></title><script>alert(7)</script><img src=x onerror=alert(7)>"
FILE = re.compile(r"\.|/file$|/static/|/typefaces/|qr|/demo/|/dev/")
#: What a page makes of a text has nothing to do with where the text was kept.
ONE_BACK_END = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')


def hostile(part: Any, payloads: Any) -> Any:
    """A part of the document with every text of it replaced by the next payload."""
    if isinstance(part, dict):
        if isinstance(part.get("en"), str):
            return {code: next(payloads) for code in ("en", "zh_Hans", "zh_Hant")}
        return {name: hostile(each, payloads) for name, each in part.items()}
    if isinstance(part, list):
        return [hostile(each, payloads) for each in part]
    return part


def hostile_rules(before: Programme) -> Programme:
    """Rules with something of every kind, all of it called by payloads."""
    card = StampCard(key="tea", name={"en": "Tea"}, orders=2, days=90, points=10)
    rules = shelves.programme(clock.now(), {}).model_copy(
        update={"topups": before.topups, "cards": (card,)}
    )
    return read(hostile(rules.model_dump(mode="json"), cycle(PAYLOADS)))


def publish(world: World) -> None:
    """Version 2 says payloads, and so does the draft of version 3."""
    owner, now = world.who["owner"].id, clock.now()
    with writing() as session:
        draft = drafting.start(session, owner, now)
        rules = hostile_rules(draft.rules)
        draft = drafting.change(session, owner, rules, EVERYTHING[:1900], draft.revision, now)
        publishing.publish(session, owner, draft, now)
        draft = drafting.start(session, owner, now)
        tiers = rules.model_copy(update={"return_days": 3})
        drafting.change(session, owner, tiers, BREAKING, draft.revision, now)


def write(world: World) -> None:
    """Papers, agreements, reasons, addresses and notes, all of them payloads."""
    owner, ada, now = world.who["owner"].id, world.who["member"].id, clock.now()
    texts = dict.fromkeys(("en", "zh_Hans"), EVERYTHING)
    titles = dict.fromkeys(("en", "zh_Hant"), BREAKING)
    with writing() as session:
        draft = PaperDraft(titles, texts, now, tier_from="bud", guests=["ben"])
        paper = papers.write(session, owner, draft, None, now)
        papers.revoke(session, owner, paper.id, "ben", BREAKING, now)
        copies.hand_out(session, paper.id, owner, "read", "en", now)
        world.one["paper_id"] = paper.id
        given = granting.grant(session, owner, PerkDraft("ada", "early_delivery", BREAKING), now)
        granting.revoke(session, owner, world.one["entitlement_id"], BREAKING, now)
        world.one["entitlement_id"] = given.id
    with writing() as session:
        agreements.change(session, owner, texts, "settled", 0, now)
        agreements.publish(session, owner, 1, now)
        leaving.end(session, owner, world.one["seat_id"], BREAKING, now)
        asked = InvitationDraft("ada", BREAKING)
        again = inviting.invite(session, owner, asked, unit_gate.gate("", "", ""), now)
        world.own("invitation_id", "member", again.id)
        agreements.change(session, owner, texts, "settled", 0, now)
    with writing() as session:
        stock.receive(session, owner, "caddy", "", 3, BREAKING, now)
        order = redeeming.Order("caddy", "hostile-key", "", EVERYTHING[:600], BREAKING)
        done = redeeming.redeem(session, ada, order, now).redemption
        world.own("redemption_id", "member", done.id)
        fulfilling.move(session, done.id, "take", world.who["staff"].id, "", now)
        fulfilling.move(session, done.id, "send", world.who["staff"].id, BREAKING, now)
    with writing() as session:
        orders.paid_order(session, ada, now, total=9_000)


def award(world: World, path: Path) -> None:
    """A set of awards whose name, reasons, rows and file are payloads."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["member", "amount", "reason", "expires_on"])
        rows.writerow(["@ada", 5, BREAKING, ""])
        rows.writerows([each, each, each, each] for each in (BREAKING, *PAYLOADS))
    owner, now = world.who["owner"].id, clock.now()
    source, terms = award_files.look_at(path), Terms(BREAKING, BREAKING, owner)
    with writing() as session:
        found = checking.check(session, source, terms, now).document()
        set_id = starting.start(
            session, source, terms, "checked", now, file_name=BREAKING, checked=found
        ).id
        giving.give_within(session, set_id, source, now)
        given = session.scalars(select(Award.id).where(Award.set_id == set_id)).one()
    world.one["set_id"] = set_id
    world.own("award_id", "member", given)


@ONE_BACK_END
def test_no_page_runs_what_the_programme_says(app: Any, settings: Settings, tmp_path: Path) -> None:
    """Every page there is, read by the owner, and a member's own pages by her."""
    world = worlds.make(settings.data)
    publish(world)
    write(world)
    award(world, tmp_path / "hostile.csv")
    ran, seen = [], 0
    for line, rule in routes(app).items():
        role = "owner" if "owner" in MAY[line] and "/me/" not in line else "member"
        if line.startswith("GET ") and role in MAY[line] and not FILE.search(line):
            path = worlds.address_of(world, rule, role) + ASKED.get(rule.rule, "")
            answer = worlds.browser(app, world.who[role]).get(path)
            assert answer.status_code in (200, 302, 303), (path, role)
            seen += "alert(7)" in unescape(answer.text)
            ran += [(path, each) for each in risky(answer.text)]
    assert ran == []
    assert seen > 30, "the payloads are hardly shown: this test looks at the wrong pages"


@ONE_BACK_END
def test_a_refused_form_shows_what_was_typed_as_text(app: Any, settings: Settings) -> None:
    world = worlds.make(settings.data)
    publish(world)
    owner = worlds.browser(app, world.who["owner"])
    assert len(SECTIONS) > 4
    for path in [each.path for each in SECTIONS]:
        names = set(FIELD.findall(owner.get(path).text)) - {"csrf_token", "act"}
        typed = dict.fromkeys(names, BREAKING) | {"csrf_token": worlds.form_token(app)}
        for act in ("save", f"remove-{BREAKING}", BREAKING):
            answer = owner.post(path, data=typed | {"act": act})
            assert answer.status_code == 422, (path, act)
            assert risky(answer.text) == [], (path, act)
            assert "alert(7)" in answer.text
