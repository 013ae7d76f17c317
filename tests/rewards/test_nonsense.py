"""Whatever is sent to a form, an API or an address of this room is answered with what to do.

Nothing typed is lost, nothing breaks, and both back ends say the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import delete

from demo import shelves
from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import visible
from foundation.web.throttle import Tries
from rewards import drafting
from rewards.budgets.rules import Budget
from rewards.rules import Condition, EarningRule
from rewards.sections import SECTIONS
from rewards.topups import codes
from rewards.vouchers import codes as vouchers
from rewards.vouchers.codes import VoucherDraft
from tests import world as worlds
from tests.beginnings import Begin
from tests.rewards.nonsense import TEXTS, VALUES, Sent, form_on
from tests.world import World

#: How often each field is tried; another text each time, so that all fields together try them all.
ROUNDS = 3
EVERY = EarningRule(
    key="every",
    fact="order.paid",
    name={"en": "All that can be said"},
    kind="per_currency_unit",
    amount=2,
    when=Condition(value_min=100, value_max=9_900, products=("tea",), time_from=1, every=2),
    hold="days",
    hold_days=3,
    expires_after_days=9,
    cap_per_day=5,
    cap_per_month=6,
    cap_per_member=70,
)
GIVEN = EarningRule(
    key="given",
    fact="order.paid",
    name={"en": "A voucher"},
    amount=1,
    commodity="voucher",
    voucher="voucher-5",
)


def world_of(folder: Path) -> World:
    """The small world, with a draft in which every section has rows."""
    world = worlds.make(folder)
    owner, now = world.who["owner"].id, clock.now()
    rules = shelves.programme(now, {})
    more = {
        "earning": (EVERY, GIVEN, *rules.earning[:2]),
        "budgets": (Budget(key="all", limit=900, unit="money"),),
        "catalogue": rules.catalogue[:4],
        "tiers": rules.tiers,
        "worth_of_100": 500,
    }
    with writing() as session:
        drafting.discard(session)
        draft = drafting.start(session, owner, now)
        small = rules.model_copy(update=more)
        drafting.change(session, owner, small, "A note", draft.revision, now)
        ada = world.who["member"].id
        codes.ensure(session, ada, now)
        voucher = VoucherDraft(ada, "a key", "a gift", "voucher-5", 1, 0, 500, "USD", uses=9)
        vouchers.issue(session, voucher, now)
    return world


@pytest.fixture
def world(app: Any, beginning: Begin) -> World:
    made: World = beginning("nonsense", world_of)
    return made


def forms(world: World) -> Iterator[tuple[str, str, str]]:
    """Who fills in which form: his role, the page it is on, where it is sent."""
    one, of = world.one, world.of
    invited, seat = of["invitation_id"], one["seat_id"]
    mine = f"/me/seats/{invited['moderator']}"
    alone = (
        *(section.path for section in SECTIONS),
        "/programme/replay",
        "/programme/publish",
        "/programme/awards",
        "/programme/perks",
        f"/programme/perks/{one['entitlement_id']}",
        f"/papers/{one['paper_id']}/edit",
        f"/papers/{one['paper_id']}/readers",
        "/seats/agreement",
        "/seats/invite",
        f"/seats/invitations/{invited['staff']}",
    )
    for page in alone:
        yield "owner", page, page
    yield "owner", f"/seats/invitations/{invited['member']}", f"/seats/{seat}/end"
    yield "member", "/rewards/catalogue/voucher-5", "/rewards/catalogue/voucher-5"
    yield "moderator", mine, mine
    yield "staff", "/credit?code=@ada", "/credit/take"
    yield "staff", "/credit?code=@ada", f"/credit/takings/{of['taking_id']['member']}/give-back"
    yield "staff", "/prepaid?code=@ada", "/prepaid/take"
    yield "staff", "/vouchers?code=@ada", "/vouchers/take"


def attempts(form: Sent) -> Iterator[dict[str, list[str]]]:
    """All fields wrong at once, each in its own way; then each choice alone, the others right."""
    names = sorted((form.typed | form.values.keys()) - {"csrf_token", "act"})
    for turn in range(ROUNDS):
        wrong = {
            name: [TEXTS[(place * ROUNDS + turn) % len(TEXTS)]] for place, name in enumerate(names)
        }
        yield form.values | wrong
    seen = set()
    for name in sorted(form.boxes):
        kind = name.rpartition("-")[2]
        if kind not in seen:
            seen.add(kind)
            yield form.values | {name: ["No such choice"]}


def plain(text: str) -> str:
    """A text without the blanks that a form may tidy away."""
    return " ".join(visible(text).split())


def test_a_form_says_what_is_wrong_and_keeps_what_was_typed(app: Any, world: World) -> None:
    token, problems = worlds.form_token(app), []
    for role, page, action in forms(world):
        browser = worlds.browser(app, world.who[role])
        form = form_on(browser.get(page).text, page, action)
        assert form is not None, (page, action)
        for sent in attempts(form):
            answer = browser.post(action, data=sent | {"csrf_token": [token]})
            back = form_on(answer.text, action, action)
            if answer.status_code not in (303, 400, 404, 409, 413, 422):
                problems.append((action, answer.status_code, sent))
            elif answer.status_code in (409, 422) and back is not None:
                lost = {
                    name: (sent[name][0][:40], back.values.get(name))
                    for name in form.typed & back.typed
                    if plain(sent[name][0]) != plain(back.values[name][0])
                }
                problems += [(action, lost)] if lost else []
                problems += [] if 'role="alert"' in answer.text else [(action, "says nothing")]
    assert problems == []


def bodies(world: World, code: str) -> dict[str, dict[str, Any]]:
    """What a till sends to each address when all is well."""
    who = {"customer": {"id": "7", "email": world.who["member"].email}}
    voucher, money = {"code": "0000-0000-0000-0000"} | who, {"code": code} | who
    return {
        "/api/vouchers/validate": voucher,
        "/api/vouchers/redeem": voucher | {"order": "A1", "total": "20.00"},
        "/api/vouchers/release": {"code": "0000", "order": "A1"},
        "/api/credit/look": money,
        "/api/credit/take": money | {"order": "B1", "amount": 1, "currency": "USD"},
        "/api/credit/give-back": money | {"order": "B1", "amount": 1},
        "/api/prepaid/look": {"code": code},
        "/api/prepaid/take": {"code": code, "offer": "pots", "reference": "C1"},
        "/api/prepaid/give-back": {"use": "0" * 26},
    }


def spoilt(body: dict[str, Any]) -> Iterator[str]:
    """The body with each field in turn missing, there twice, or saying what no till says."""
    for name in body:
        rest = json.dumps({other: body[other] for other in body if other != name})[:-1]
        comma = "" if rest == "{" else ", "
        yield rest + "}"
        yield f"{rest}{comma}{json.dumps({name: body[name]})[1:-1]}, {json.dumps({name: 1})[1:]}"
        for value in VALUES:
            yield f"{rest}{comma}{json.dumps(name)}: {value}}}"
    whole = json.dumps(body)
    yield from ("", "[]", "[" * 4_000, whole + "x", "\ufeff" + whole, whole[:-1] + ', "x": 1}')


def test_a_till_is_told_what_is_wrong_with_its_body(app: Any, world: World) -> None:
    with reading() as session:
        code = codes.of(session, world.who["member"].id) or ""
    till, problems = app.test_client(), []
    key = {"Authorization": f"Bearer {world.one['api_key']}"}
    for path, body in bodies(world, code).items():
        with writing() as session:
            session.execute(delete(Tries))  # what is asked here is not a guess at codes
        for number, text in enumerate(spoilt(body)):
            headers = key | {"Idempotency-Key": f"{path}{number}"}
            answer = till.post(
                path, data=text.encode(), headers=headers, content_type="application/json"
            )
            if answer.status_code not in (200, 404, 409, 413, 422) or not answer.json:
                problems.append((path, answer.status_code, text[:200]))
    assert problems == []


#: What is read out of an address, after the `=`.
ASKED = (
    "/how-rewards-work/calculator?friends",
    "/how-rewards-work/calculator?friend_total",
    "/how-rewards-work/calculator?tier",
    "/me/rewards/statement?day",
    "/me/rewards/statement?commodity",
    "/me/rewards/statement?page",
    "/me/rewards/statement.csv?commodity",
    "/me/rewards/statement.json?commodity",
    "/me/standing?page",
    "/me/credit?currency",
    "/credit?code",
    "/prepaid?code",
    "/vouchers?code",
    "/papers/whose?mark",
    "/redemptions?page",
    "/book?commodity",
    "/book/outstanding?commodity",
    "/book/journal?from",
)
TYPED = [each for each in TEXTS if len(each) < 1_000]


def test_an_address_that_somebody_made_up_is_answered(app: Any, world: World) -> None:
    problems = []
    for place, asked in enumerate(ASKED):
        role = "member" if asked.startswith("/me/") else "owner"
        browser = worlds.browser(app, world.who[role])
        pages = [f"a{2**63 - 1}", f"b{2**31}"] if asked.endswith("page") else TYPED[place % 6 :: 6]
        for text in (*pages, "http://[", "%00"):
            answer = browser.get(f"{asked}={quote(text)}")
            if answer.status_code not in (200, 303, 400, 404, 422):
                problems.append((asked, text, answer.status_code))
            answer.close()
    for number in (0, 2**31, 2**63, 10**30):
        for path in ("/agreements", "/how-rewards-work"):
            answer = browser.get(f"{path}/{number}")
            problems += [] if answer.status_code == 404 else [(path, number, answer.status_code)]
    assert problems == []
