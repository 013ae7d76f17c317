"""axe finds nothing serious on the pages people use, light and dark; no page scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select
from werkzeug.serving import make_server

import app as application
from community.models import Topic
from demo import people
from foundation import clock, doors, quick
from foundation.doors import reading, writing
from foundation.settings import Settings
from members.models import Member
from reviews.models import Review
from rewards import drafting
from rewards.awarding import award_files, checking, starting
from rewards.awarding.models import Award, AwardSet
from rewards.awarding.starting import Terms

pytestmark = pytest.mark.browser

FOR_ALL = ("/", "/products", "/products/house-breakfast", "/clubs", "/clubs/first-cup", "/reviews")
LEARNED = ("/how-rewards-work", "/how-reviews-work", "/moderation", "/transparency", "/report")
DOOR = ("/join", "/sign-in", "/reset", "/invited", "/search?q=茶")
GIVEN = ("/me/rewards", "/me/credit", "/me/referrals")
ADAS = ("/me", "/me/orders", *GIVEN, "/notifications", "/settings")
OLGAS = ("/funnel", "/programme", "/programme/replay", "/operations", "/customers", "/orders")
DESK = ("/products/new", "/clubs/new", "/acknowledgements", "/referrals", "/moderation/queue")
TILLS = ("/credit?code=@ben_marsh", "/vouchers?code=@ada_okafor", "/prepaid?code=@ada_okafor")
BOOKS = ("/programme/draft/catalogue", "/programme/budgets", "/book/outstanding")
OWNERS = (*OLGAS, *DESK, *TILLS, *BOOKS, "/programme/awards")
#: The rules of axe that see colours: all that is new to say of a page once it is dark.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
#: By reader (None: everybody), pages whose addresses the demo makes.
More = dict[str | None, list[str]]


@pytest.fixture(scope="module")
def site(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, More]]:
    """The demo, served by threads of this process; its address, and pages of one thing each."""
    folder = tmp_path_factory.mktemp("accessible")
    (folder / "bellmouth.sqlite3").write_bytes(demo_file.read_bytes())
    settings = Settings(data=folder, secret_key="a key only these pages know, 32 chars")
    made: Any = application.create_app(settings)
    with writing() as session:
        olga = session.scalars(select(Member.id).where(Member.role == "owner")).one()
        drafting.start(session, olga, clock.now())
    with reading() as session:
        topic = session.scalar(select(Topic.id).order_by(Topic.posts.desc()).limit(1))
        review = session.scalar(select(Review.id).limit(1))
        given = session.scalars(select(AwardSet.id)).one()
        hers = select(Award.id).join(Member, Member.id == Award.member_id)
        award = session.scalars(hers.where(Member.email == "ada@tea.example")).one()
    more: More = {
        None: [f"/topics/{topic}", f"/reviews/{review}"],
        "ada": [f"/me/awards/{award}"],
        "olga": [
            f"/programme/awards/{given}",
            f"/programme/awards/{given}/take-back",
            f"/programme/awards/{looked_at(folder, olga)}",
        ],
    }
    server = make_server("127.0.0.1", 0, made, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", more
    server.shutdown()
    quick.close()
    doors.database().close()


def looked_at(folder: Path, owner: str) -> str:
    """A set of awards that Olga looked at, with rows that are wrong; its identifier."""
    path, now = folder / "looked_at.csv", clock.now()
    path.write_text("member,amount\nada@tea.example,50\nnobody,5\nada@tea.example,-3\n")
    source, terms = award_files.look_at(path), Terms("Survey", "Thank you for your answers", owner)
    with writing() as session:
        found = checking.check(session, source, terms, now).document()
        return starting.start(session, source, terms, "checked", now, checked=found).id


def opened(browser: Browser, url: str, who: str | None, **more: Any) -> tuple[BrowserContext, Page]:
    """A browser profile of `who`, signed in."""
    context = browser.new_context(base_url=url, reduced_motion="reduce", **more)
    page = context.new_page()
    if who:
        page.goto("/sign-in")
        page.fill("input[name=email]", f"{who}@tea.example")
        page.fill("input[name=password]", people.PASSWORD)
        page.locator("main form button").first.click()
        page.wait_for_url("**/me")
    return context, page


@pytest.mark.parametrize(
    ("who", "paths"),
    [(None, (*FOR_ALL, *LEARNED, *DOOR)), ("ada", ADAS), ("olga", OWNERS)],
    ids=["visitor", "member", "owner"],
)
def test_axe_finds_nothing_serious(
    browser: Browser,
    site: tuple[str, More],
    who: str | None,
    paths: tuple[str, ...],
) -> None:
    url, more = site
    context, page = opened(browser, url, who)
    found = []
    for path in [*paths, *more[who]]:
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(path)
        found += [("light", path, *each) for each in serious(page)]
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += [("dark", path, *each) for each in serious(page, runOnly=OF_COLOURS)]
    context.close()
    assert not found, found


def serious(page: Page, **options: Any) -> list[tuple[str, list[Any]]]:
    """What axe finds: the rule, and the first three places."""
    return [
        (each["id"], [node["target"] for node in each["nodes"]][:3])
        for each in Axe().run(page, options=options).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("language", ["en-GB", "zh-CN", "zh-TW"])
@pytest.mark.parametrize("who", [None, "ada", "olga"], ids=["visitor", "member", "owner"])
def test_no_page_scrolls_sideways_on_a_phone(
    browser: Browser, site: tuple[str, More], who: str | None, language: str
) -> None:
    url, more = site
    phone: Any = {"width": 390, "height": 800}
    context, page = opened(browser, url, who, viewport=phone, locale=language)
    paths = {None: (*FOR_ALL, *LEARNED, *DOOR), "ada": ADAS, "olga": OWNERS}[who]
    wide = []
    for path in {*paths, *more[None], *more[who]}:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(path)
    context.close()
    assert not wide


def test_the_keyboard_reaches_what_can_be_done_and_shows_where_it_is(
    browser: Browser, site: tuple[str, More]
) -> None:
    url, _more = site
    context, page = opened(browser, url, None)
    page.goto("/")
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "() => { const e = document.activeElement, s = getComputedStyle(e);"
                " return [e.textContent.trim() || e.getAttribute('aria-label') || e.name,"
                " s.outlineStyle !== 'none' || s.boxShadow !== 'none'] }"
            )
        )
    context.close()
    names = [name for name, _is_shown in seen]
    assert names[0] == "Skip to the content"
    assert {"Shop", "Clubs", "Reviews", "Sign in", "Join"} <= set(names)
    assert all(is_shown for _name, is_shown in seen), seen


def test_the_keyboard_is_not_lost_in_forms_and_menus(
    browser: Browser, site: tuple[str, More]
) -> None:
    url, _more = site
    context, page = opened(browser, url, None)
    page.goto("/sign-in")
    page.fill("input[name=email]", "ada@tea.example")
    page.fill("input[name=password]", "not this one")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.bad")
    assert page.evaluate("document.activeElement.className") == "notice bad"
    page.fill("input[name=password]", people.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/me")

    page.focus(".menu summary")
    page.keyboard.press("Enter")
    page.focus(".menu[open] form button")
    page.keyboard.press("Tab")
    assert page.locator(".menu[open]").count() == 0, "it would lie over what she is on"

    page.goto("/products/house-breakfast")
    vote = page.locator("form[data-swap] button").first
    pressed = vote.get_attribute("aria-pressed")
    vote.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "was => document.querySelector('form[data-swap] button').ariaPressed !== was", arg=pressed
    )
    assert vote.evaluate("button => button === document.activeElement")
    context.close()
