"""One turn of the inverted funnel, in real browsers, on both databases.

The owner imports her order log; the shop tells of orders; buyers are thanked; Ada reviews, talks,
answers and shares her link; Fay follows it, joins and buys; both are rewarded when the return
period is over; Ada redeems; a partial refund takes the right share back; the owner changes the
programme and sees its cost before she publishes; Mo folds spam, whose author appeals; the funnel
is drawn.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from standardwebhooks import Webhook

from community import clubs
from community.clubs import ClubDraft
from foundation import clock
from foundation.doors import writing
from foundation.tables import new_id
from members import joining, passwords
from members.joining import SignUp
from rewards import publishing as programmes
from shop import products
from shop.products import ProductDraft
from tests.journeys.conftest import House, Visitor, link_in, text_of
from tests.shop import files

pytestmark = pytest.mark.browser

PASSWORD = "a long and quiet afternoon"
RETURN_PERIOD = timedelta(days=15)

Visit = Callable[..., Visitor]


def shop_says(house: House, event: str, **data: object) -> None:
    """A webhook as the shop signs it (Standard Webhooks)."""
    now = clock.now()
    body = json.dumps({"type": event, "timestamp": now.isoformat(), "data": data})
    webhook_id = f"msg_{new_id(now)}"
    request = urllib.request.Request(
        f"{house.url}/webhooks/shop",
        data=body.encode(),
        headers={
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(house.settings.shop_secret()).sign(webhook_id, now, body),
        },
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status < 300


def sells(house: House, order: str, email: str, name: str, total: str) -> None:
    """The shop tells of a paid order of Longjing."""
    shop_says(
        house,
        "order.paid",
        order=order,
        customer={"email": email, "name": name},
        total=total,
        currency="USD",
        lines=[{"title": "Longjing", "quantity": 1, "amount": total, "product": "longjing"}],
    )


def open_house(house: House) -> None:
    """The owner and her people, one product, one club, the first programme."""
    added = house.command(
        *("members", "add", "--email", "olga@tea.example", "--name", "Olga"),
        *("--role", "owner", "--password-stdin"),
        input=PASSWORD,
    )
    assert added.returncode == 0, added.stdout + added.stderr
    now = clock.now()
    with writing() as session:
        for role, name in (("staff", "Sam"), ("moderator", "Mo")):
            address, kept = f"{name.lower()}@tea.example", passwords.hashed(PASSWORD)
            joining.add(session, SignUp(name, address, kept, "en", consents={}), now, role=role)
        product = ProductDraft("longjing", {"en": "Longjing", "zh_Hans": "龙井"}, 4000, "USD")
        products.add(session, product, now)
        club = ClubDraft("green", {"en": "Green tea"}, {"en": "Leaves and water."})
        clubs.open_club(session, club, now)
        programmes.publish_first(session, None, now)


def imports(house: House, log: Path) -> None:
    """The owner's order log."""
    done: subprocess.CompletedProcess[str] = house.command("import", "orders", str(log))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1,100" in done.stdout + done.stderr
    assert house.postbox.letters == [], "nobody is thanked for an order of 1997"


def opens_form(visitor: Visitor) -> float:
    """When the form to join was shown: who sends it within three seconds is no person."""
    visitor.go("/join")
    return time.monotonic()


def joins(visitor: Visitor, house: House, name: str, email: str, since: float) -> None:
    """Sign up with the form shown at `since`, read the letter, confirm."""
    page = visitor.page
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.wait_for_timeout(max(0, 3_200 - 1_000 * (time.monotonic() - since)))
    page.locator("main").get_by_role("button", name="Join").click()
    letter = house.postbox.wait_for(email, "confirm")
    visitor.go(link_in(letter, "/verify/"))
    page.get_by_role("button", name="Yes, it is mine").click()
    expect(page.locator("summary", has_text=name).first).to_be_visible()


def signs_in(visitor: Visitor, email: str) -> None:
    page = visitor.go("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.locator("header.masthead")).not_to_contain_text("Join")


def reviews(visitor: Visitor) -> None:
    page = visitor.go("/products/longjing/reviews/new")
    page.get_by_label("4 stars").check(force=True)
    page.get_by_label("Headline").fill("Sweet peas in the second cup")
    page.get_by_label("Your review").fill("The first infusion is shy. **The second** is not.")
    page.get_by_role("button", name="Publish").click()
    visitor.go("/products/longjing")
    expect(page.locator("main")).to_contain_text("Sweet peas in the second cup")
    expect(page.locator("main")).to_contain_text("Verified purchase")


def starts_topic(visitor: Visitor, kind: str, title: str, body: str) -> str:
    """The address of the new topic."""
    page = visitor.go("/clubs/green/new")
    page.locator(f"input[name=kind][value={kind}]").check(force=True)
    page.get_by_label("Title").fill(title)
    page.locator("textarea[name=body]").fill(body)
    page.get_by_role("button", name="Start it").click()
    expect(page.locator("h1")).to_have_text(title)
    return page.url.partition("#")[0]


def answers(visitor: Visitor, topic: str, body: str) -> None:
    page = visitor.go(topic)
    page.locator("textarea[name=body]").fill(body)
    page.get_by_role("button", name="Write it").click()
    expect(page.locator("main")).to_contain_text(body)


def accepts(visitor: Visitor, topic: str) -> None:
    """Take the second post as the answer."""
    page = visitor.go(topic)
    page.locator("article.post").nth(1).get_by_role("link", name="Options").click()
    page.get_by_role("button", name="Accept as the answer").click()
    visitor.go(topic)
    expect(page.locator("article.post.accepted")).to_be_visible()


def her_link(visitor: Visitor, house: House) -> str:
    page = visitor.go("/me/referrals")
    expect(page.get_by_role("img", name="QR code of your link")).to_be_visible()
    found = re.search(rf"{re.escape(house.url)}/r/\S+", page.inner_text("main"))
    assert found
    return found.group(0)


def points(visitor: Visitor, label: str) -> int:
    """One of the five numbers on My rewards."""
    page = visitor.go("/me/rewards")
    stat = page.locator(".stat", has=page.get_by_text(label, exact=True)).first
    return int(re.sub(r"[^\d-]", "", stat.locator(".stat-value").inner_text()))


def steers(owner: Visitor) -> None:
    """Draft, replay over ninety days, publish version 2."""
    page = owner.go("/programme")
    page.get_by_role("button", name="Change it in a draft").click()
    owner.go("/programme/draft/standing")
    page.locator("#tiers-1 summary").click()
    page.locator("#tiers-1 input[name$=earn_percent]").fill("150")
    page.get_by_role("button", name="Keep the draft").last.click()
    owner.go("/programme/replay")
    page.get_by_role("button", name="Replay the draft").click()
    expect(page.locator("h1")).to_contain_text("It would have cost", timeout=30_000)
    page.get_by_role("link", name="Publish …").click()
    page.locator("input[name=sure]").check(force=True)
    page.get_by_role("button", name="Publish now").click()
    owner.go("/how-rewards-work")
    expect(page.locator("main")).to_contain_text("Version 2")
    owner.go("/how-rewards-work/1")


def folds_spam(mo: Visitor, topic: str, anybody: Visitor) -> None:
    page = mo.go(topic)
    page.locator("article.post").first.get_by_role("link", name="Options").click()
    page.get_by_role("link", name="Fold").click()
    page.locator("input[name=reason][value=spam]").check(force=True)
    page.locator("textarea").first.fill("An advertisement that has nothing to do with tea.")
    page.get_by_role("button", name="Fold it").click()
    anybody.go("/moderation")
    expect(anybody.page.locator("main")).to_contain_text("nothing to do with tea")
    anybody.go(topic)
    folded = anybody.page.locator("article.post").first
    expect(folded.get_by_text("CHEAP WATCHES")).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.get_by_text("CHEAP WATCHES")).to_be_visible()


def appeals(author: Visitor, house: House, email: str) -> None:
    letter = house.postbox.wait_for(email, "folded")
    page = author.go(link_in(letter, house.url))
    if page.get_by_role("link", name="Appeal against the fold").count():
        page.get_by_role("link", name="Appeal against the fold").click()
    page.locator("textarea").first.fill("They are very good watches.")
    page.get_by_role("button", name="Appeal").click()
    expect(page.locator("body")).to_contain_text("appeal")


def decides(owner: Visitor) -> None:
    """Somebody else than who folded reads the appeal and says no, in public."""
    page = owner.go("/moderation/queue")
    page.get_by_role("link", name="CHEAP WATCHES").first.click()
    expect(page.locator("main")).to_contain_text("very good watches")
    page.locator("input[name=decision][value=refused]").check(force=True)
    page.locator("textarea").first.fill("Good watches are still not tea.")
    page.get_by_role("button", name="Decide").click()
    owner.go("/moderation")
    expect(page.locator("main")).to_contain_text("still not tea")


def test_one_turn_of_the_inverted_funnel(house: House, visitors: Visit, tmp_path: Path) -> None:
    open_house(house)
    imports(house, files.first_orders(tmp_path, 1_100))

    ada, ben, mo = visitors(), visitors(), visitors()
    since = opens_form(ada), opens_form(ben)

    # Acknowledge: the shop sells, the buyer is thanked at once and kept informed.
    sells(house, "1001", "ada@tea.example", "Ada", "80.00")
    assert "1001" in text_of(house.postbox.wait_for("ada@tea.example", "thank"))
    shop_says(house, "order.shipped", order="1001")
    house.postbox.wait_for("ada@tea.example", "on its way")
    shop_says(house, "order.delivered", order="1001")

    # Dialogue: Ada joins with the address she bought with, reviews, talks, answers.
    joins(ada, house, "Ada", "ada@tea.example", since[0])
    ada.go("/me/orders")
    assert ada.says("1001")
    reviews(ada)
    starts_topic(ada, "rave", "The second cup", "Try it at seventy-eight degrees.")
    joins(ben, house, "Ben", "ben@tea.example", since[1])
    question = starts_topic(ben, "question", "Which water for Longjing?", "Mine turns bitter.")
    answers(ada, question, "Soft water, and let it cool for five minutes.")
    accepts(ben, question)

    # Incentivize: Ada shares her link, Fay follows it, joins and buys.
    link = her_link(ada, house)
    fay = visitors()
    fay.go(link)
    expect(fay.page.locator("h1")).to_contain_text("Ada sent you")
    joins(fay, house, "Fay", "fay@tea.example", opens_form(fay))
    sells(house, "1002", "fay@tea.example", "Fay", "40.00")
    ada.go("/me/referrals")
    expect(ada.page.locator("article.record")).to_contain_text("released on")
    before = points(ada, "To spend"), points(fay, "To spend")

    # The return period passes: the worker releases what was promised to both.
    house.work(later=RETURN_PERIOD)
    ada_released, fay_released = points(ada, "To spend"), points(fay, "To spend")
    assert ada_released - before[0] == 200 + 80, "the referral, and her own order"
    assert fay_released - before[1] == 100 + 40
    ada.go("/me/referrals")
    expect(ada.page.locator("article.record")).not_to_contain_text("released on")

    # She redeems; a quarter of the friend's order is refunded afterwards.
    ada.go("/me/rewards#catalogue")
    ada.page.locator("#catalogue").get_by_role("button").first.click()
    expect(ada.page.locator("main")).to_contain_text("Spent")
    redeemed = points(ada, "To spend")
    spent = ada_released - redeemed
    assert spent > 0
    shop_says(house, "order.refunded", order="1002", refund="R-1", amount="10.00")
    assert points(ada, "To spend") == redeemed - 50, "a quarter of 200"
    assert points(fay, "To spend") == fay_released - 25 - 10, "a quarter of 100 and of 40"

    # Steering: the owner sees what a change would have cost, then publishes it.
    olga = visitors()
    signs_in(olga, "olga@tea.example")
    steers(olga)

    # Moderation that cannot censor.
    spam = starts_topic(fay, "talk", "CHEAP WATCHES", "CHEAP WATCHES and followers!!!")
    signs_in(mo, "mo@tea.example")
    folds_spam(mo, spam, visitors())
    appeals(fay, house, "fay@tea.example")
    decides(olga)
    house.postbox.wait_for("fay@tea.example", "appeal")

    # The funnel, with the facts that put people there.
    olga.go("/funnel")
    expect(olga.page.locator("main")).to_contain_text("Participation")
    olga.go("/funnel/participation")
    expect(olga.page.locator("main")).to_contain_text("Ada")

    # The books and the log hold.
    for words in (("ledger", "audit"), ("log", "verify")):
        checked = house.command(*words)
        assert checked.returncode == 0, checked.stdout + checked.stderr
