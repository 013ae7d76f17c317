"""What an attacker tries first: forms without tokens, other people's pages, scripts in texts."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, ClassVar

import pytest
from sqlalchemy import func, select, update

from community import appealing, moderation, posting, reporting
from foundation import clock, mail, outbox, worker
from foundation.doors import reading, writing
from foundation.outbox import Message
from foundation.settings import Settings
from foundation.web import fragments, front, member_shells, security
from foundation.web.fragments import Shelf
from foundation.web.languages import safe_path
from members import roles, signing_in
from members import settings as member_settings
from members.models import Member, SignIn
from notifications import delivering
from notifications.notices import Notice
from notifications.telling import tell
from referral import codes
from reviews import publishing as reviewing
from reviews import replying
from reviews.models import Review
from reviews.rules import ReviewDraft
from rewards import drafting, publishing
from shop import ordering, products
from shop.ordering import LineDraft, OrderDraft
from shop.products import ProductDraft
from tests import people
from tests import world as worlds
from tests.beginnings import Begin
from tests.test_permissions import ASKED, MAY, OWNER, VISITOR, routes
from tests.world import World

#: Routes that prove themselves otherwise: the shop signs its webhooks, its till shows a key, and no
#: browser sends either by itself; the link of a letter is
#: signed, and a mail program sends it without a form (RFC 8058).
SIGNED = {
    "POST /webhooks/shop",
    "POST /unsubscribe/<token>",
    "POST /api/vouchers/validate",
    "POST /api/vouchers/redeem",
    "POST /api/vouchers/release",
    "POST /api/prepaid/look",
    "POST /api/prepaid/take",
    "POST /api/prepaid/give-back",
    "POST /api/credit/look",
    "POST /api/credit/take",
    "POST /api/credit/give-back",
}


@pytest.fixture
def world(app: Any, beginning: Begin) -> World:
    made: World = beginning("world", worlds.make)
    return made


def ada(app: Any, world: World) -> Any:
    return worlds.browser(app, world.who["member"])


def rows() -> dict[str, int]:
    """How many rows each table holds; throttles count tries before anything else."""
    from foundation.tables import Base

    with reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
            if name not in ("throttle_tries", "sign_in")
        }


class TestTokens:
    def test_no_form_is_taken_without_the_token_of_its_session(
        self, app: Any, world: World
    ) -> None:
        owner = worlds.browser(app, world.who[OWNER])
        before, stranger = rows(), worlds.form_token(app, "f" * 40)
        for line, rule in routes(app).items():
            if line in SIGNED or not line.startswith("POST "):
                continue
            path = worlds.address_of(world, rule, OWNER)
            for token in (None, "", "nonsense", stranger):
                form = {} if token is None else {"csrf_token": token}
                assert owner.post(path, data=form).status_code == 400, (line, token)
        assert rows() == before

    def test_only_signed_routes_are_exempt(self, app: Any) -> None:
        exempt = app.extensions["csrf"]._exempt_views
        names = {f"POST {r.rule}" for r in app.url_map.iter_rules() if "POST" in r.methods
                 and _place(app.view_functions[r.endpoint]) in exempt}  # fmt: skip
        assert names == SIGNED
        assert not app.extensions["csrf"]._exempt_blueprints


def _place(view: Any) -> str:
    return f"{view.__module__}.{view.__name__}"


class TestHeaders:
    POLICY: ClassVar = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }

    def test_the_policy_is_exactly_this(self) -> None:
        given = dict(part.strip().split(" ", 1) for part in security.POLICY.split(";"))
        assert given == self.POLICY
        assert "unsafe" not in security.POLICY

    def test_every_answer_carries_them(self, app: Any, world: World) -> None:
        visitor, member = app.test_client(), ada(app, world)
        answers = [
            client.get(
                worlds.address_of(world, rule, "member") + ASKED.get(rule.rule, ""), buffered=True
            )
            for line, rule in routes(app).items()
            if line.startswith("GET ") and line in MAY
            for client in (visitor, visitor, member)  # the second from the kept whole page
        ]
        answers += [
            visitor.get("/nowhere"),
            visitor.post("/join"),
            visitor.get("/static/nothing.css"),
            visitor.get("/static/../app.py"),
            visitor.put("/clubs"),
            visitor.post("/join", data=b"x" * 5_000_000),
            visitor.get("/clubs/%00"),
            visitor.get("/language/en?next=//evil.example"),
        ]
        for answer in answers:
            self.check(answer)

    def test_also_when_something_breaks(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> Any:
            raise RuntimeError("a secret in a traceback")

        monkeypatch.setitem(app.view_functions, "health.alive", broken)
        answer = app.test_client().get("/healthz")
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        self.check(answer)

    def check(self, answer: Any) -> None:
        given, path = answer.headers, answer.request.path
        policy = security.POLICY
        if path.endswith("/file") and answer.status_code == 200:
            policy = "default-src 'none'; sandbox"  # a file of somebody's: nothing in it may run
        if not (path.startswith("/dev/mails/") and answer.status_code == 200):
            assert given["Content-Security-Policy"] == policy, path
        assert "script-src 'unsafe" not in given["Content-Security-Policy"]
        assert given["X-Content-Type-Options"] == "nosniff", path
        assert given["X-Frame-Options"] == "DENY", path
        assert given["Referrer-Policy"] == "same-origin", path
        assert given["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert given["Cache-Control"], path

    def test_https_sites_say_so_for_a_year(self, settings: Settings, database: Any) -> None:
        import app as application

        secure = settings.model_copy(update={"site_url": "https://tea.example"})
        answer = application.create_app(secure).test_client().get("/healthz")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


class TestCookies:
    @pytest.mark.parametrize("address", ["http://localhost", "https://tea.example"])
    def test_all_are_for_us_alone(self, settings: Settings, world: World, address: str) -> None:
        import app as application

        made = application.create_app(settings.model_copy(update={"site_url": address}))
        client = made.test_client()
        client.get("/sign-in?next=/me", base_url=address)
        token = worlds.form_token(made)
        with client.session_transaction(base_url=address) as cookie:
            cookie["csrf_token"] = worlds.RAW_TOKEN
        typed = {"email": "ada@example.com", "password": people.PASSWORD, "csrf_token": token}
        answers = [
            client.post("/sign-in?next=/me", data=typed, base_url=address),
            client.get("/language/en", base_url=address),
            made.test_client().get(
                f"/r/{world.one['referral_code']}",
                base_url=address,
                headers={"Sec-Fetch-Mode": "navigate", "User-Agent": "Mozilla/5.0 Firefox/130.0"},
            ),
        ]
        cookies = [each for answer in answers for each in answer.headers.getlist("Set-Cookie")]
        assert {each.partition("=")[0] for each in cookies} == {
            "session", "browser", "language", "referral",
        }  # fmt: skip
        for each in cookies:
            assert "HttpOnly" in each, each
            assert "SameSite=Lax" in each, each
            assert ("Secure" in each) == address.startswith("https"), each

    def test_signing_in_begins_a_new_session(self, app: Any, world: World) -> None:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["csrf_token"], cookie["planted"] = worlds.RAW_TOKEN, "by somebody else"
        token = worlds.form_token(app)
        typed = {"email": "ada@example.com", "password": people.PASSWORD, "csrf_token": token}
        assert client.post("/sign-in", data=typed).status_code == 303
        with client.session_transaction() as cookie:
            assert "planted" not in cookie
            assert cookie.get("csrf_token") != worlds.RAW_TOKEN


#: Addresses that lead elsewhere in some browser.
ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "https://evil.example", "http:evil.example", "https:/evil.example", "//evil.example/%2f..",
    "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//user@evil.example",
    "evil.example", ".evil.example", "@evil.example", "/\r\nSet-Cookie: a=b", "/%0d%0ax\r\nx",
    "//evil.example:80", "//[::1]", "http://localhost.evil.example", "/\x00/evil.example",
    "//google%E3%80%82com", "///\\evil.example", "/\u2028//evil.example\\", "?x=//evil\\",
)  # fmt: skip


class TestRedirects:
    @pytest.mark.parametrize("target", ELSEWHERE)
    def test_a_path_that_leads_elsewhere_is_the_front_page(self, target: str) -> None:
        assert safe_path(target) == "/"

    def test_no_parameter_leads_to_another_site(self, app: Any, world: World) -> None:
        visitor, member = app.test_client(), ada(app, world)
        code = world.one["referral_code"]
        for target in ELSEWHERE:
            answers = [
                visitor.get("/language/en", query_string={"next": target}),
                member.get("/sign-in", query_string={"next": target}),
                visitor.get(f"/r/{code}", query_string={"to": target}),
                self.signs_in(app, target),
            ]
            for answer in answers:
                where = answer.headers.get("Location", "/")
                assert re.match(r"/(?![/\\])", where), (target, where)
                assert "evil" not in where, (target, where)

    def signs_in(self, app: Any, target: str) -> Any:
        client = worlds.browser(app, None, f"192.0.2.{ELSEWHERE.index(target) + 1}")
        client.set_cookie("browser", "", path="/sign-in")
        typed = {"email": f"{target!r}@x", "csrf_token": worlds.form_token(app)}
        return client.post("/sign-in", query_string={"next": target}, data=typed)

    def test_an_error_page_leads_back_only_to_us(self, app: Any) -> None:
        client = app.test_client()
        for came_from in ("https://evil.example/x", "javascript:alert(1)", "//evil.example"):
            html = client.post("/join", headers={"Referer": came_from}).text
            assert "evil" not in html
            assert "javascript:" not in html
        html = client.post("/join", headers={"Referer": "http://localhost/join?a=1"}).text
        assert 'href="/join?a=1"' in html


class TestHostNames:
    def test_letters_lead_to_the_address_that_was_set(
        self, app: Any, world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        letters: list[str] = []
        keep = lambda letter, **_: letters.append(letter.text + letter.html)  # noqa: E731
        monkeypatch.setattr(mail, "send", keep)
        delivering.use(settings.model_copy(update={"smtp_url": "smtp://nowhere.example"}))
        client, evil = app.test_client(), "http://evil.example"
        with client.session_transaction(base_url=evil) as cookie:
            cookie["csrf_token"] = worlds.RAW_TOKEN
        typed = {"email": "ada@example.com", "csrf_token": worlds.form_token(app)}
        headers = {"X-Forwarded-Host": "evil.example"}
        answer = client.post("/reset", data=typed, headers=headers, base_url=evil)
        assert answer.headers["Location"] == "/reset?sent=1"
        worker.run_once(clock.now())
        assert letters, "no letter left"
        for letter in letters:
            assert "evil.example" not in letter
        assert any("http://localhost/reset/" in letter for letter in letters)

    def test_pages_never_repeat_a_host_name(self, app: Any, world: World) -> None:
        for client in (app.test_client(), ada(app, world)):
            for path in ("/", "/clubs", "/products", "/how-rewards-work", "/join", "/nowhere"):
                answer = client.get(path, headers={"X-Forwarded-Host": "evil.example"})
                assert "evil.example" not in answer.text
                answer = app.test_client().get(path, base_url="http://evil.example")
                assert "evil.example" not in answer.text


class TestKeys:
    @pytest.mark.parametrize("key", ["secret", "changeme", "short", "fifteen letters", "x" * 15])
    def test_a_key_that_can_be_guessed_does_not_start(
        self, settings: Settings, database: Any, key: str
    ) -> None:
        import app as application

        with pytest.raises(ValueError, match="BELLMOUTH_SECRET_KEY"):
            application.create_app(settings.model_copy(update={"secret_key": key}))

    def test_the_made_key_is_kept_for_the_owner_alone(self, settings: Settings) -> None:
        bare = settings.model_copy(update={"secret_key": ""})
        assert bare.key() == bare.key()
        assert len(bare.key()) >= 48
        assert (bare.data / "secret.key").stat().st_mode & 0o077 == 0


#: What people paste into forms to see whether a site is careless.
PAYLOADS = (
    "<script>alert(7)</script>",
    "<ScRiPt>alert(7)</sCrIpT>",
    "<img src=x onerror=alert(7)>",
    "<svg onload=alert(7)>",
    "<svg/onload=alert(7)>",
    "<body onload=alert(7)>",
    "<iframe src=javascript:alert(7)>",
    "<a href=javascript:alert(7)>x</a>",
    "[x](javascript:alert(7))",
    "[x](JaVaScRiPt:alert(7))",
    "[x](data:text/html,<svg onload=x>)",
    '![x](x "onerror=alert(7) x=")',
    "<details open ontoggle=alert(7)>",
    "<math><mtext><script>",
    '"><script>alert(7)</script>',
    "'><img src=x onerror=alert(7)>",
    '" onmouseover=alert(7) x="',
    "' onfocus=alert(7) autofocus='",
    "</title><script>alert(7)</script>",
    "</textarea><svg onload=x>",
    "<!--><script>alert(7)</script>-->",
    "<style>@import'//evil.example'</style>",
    "<form action=//evil.example><input>",
    "<meta http-equiv=refresh content=0>",
    "<base href=//e>",
    "<object data=javascript:alert(7)>",
    "<embed src=//evil.example>",
    "<link rel=stylesheet href=//e>",
    "<x onclick=alert(7)>x</x>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "&lt;script&gt;<script src=//e></script>",
    '<noscript><p title="</noscript><img src=x onerror=alert(7)>">',
    "<a\tx\fonclick=alert(7)>x",
)


class Reader(HTMLParser):
    """Collects what a browser would run, load or send elsewhere."""

    OURS = re.compile(r"/(static|typefaces)/|/favicon")
    CODES = ("/me/referrals/", "/me/prepaid/code.svg", "/me/credit/code.svg")
    RISKY = frozenset(
        {"script", "iframe", "object", "embed", "base", "style", "math", "frame", "applet", "img"}
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        address = given.get("src") or given.get("href") or given.get("action") or ""
        ours = self.OURS.match(address) or (tag == "img" and address.startswith(self.CODES))
        is_data = tag == "script" and given.get("type") == "application/ld+json"
        if tag in self.RISKY and not ours and not is_data:
            self.found.append(self.get_starttag_text() or tag)
        if any(name.startswith("on") or name in ("style", "srcdoc") for name in given):
            self.found.append(self.get_starttag_text() or tag)
        if re.match(r"\s*(javascript|data|vbscript):", address, re.I) or (
            tag in ("form", "link") and not address.startswith(("/", "#")) and address
        ):
            self.found.append(self.get_starttag_text() or tag)
        if "http-equiv" in given:
            self.found.append(self.get_starttag_text() or tag)


def risky(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    return reader.found


class TestTexts:
    def test_the_reader_sees_what_it_must(self) -> None:
        seen = [text for text in PAYLOADS if risky(text)]
        assert len(seen) > 20

    def test_no_text_of_a_person_runs(self, app: Any, world: World) -> None:
        places = self.write_everywhere(world)
        readers = {
            role: worlds.browser(app, world.who.get(role)) for role in (VISITOR, *worlds.ROLES)
        }
        for path, role in places:
            answer = readers[role].get(path)
            assert answer.status_code == 200, (path, role)
            assert risky(answer.text) == [], (path, role)
            assert "49$49" not in answer.text
            assert answer.text.rstrip().endswith("</html>"), path

    def write_everywhere(self, world: World) -> list[tuple[str, str]]:
        """Put every payload into every kind of text; pages that show them, and to whom."""
        member, now = world.who["member"], world.now
        everything = "\n\n".join(PAYLOADS)
        shown = []
        with writing() as session:
            evil = people.member(session, "<script>alert(7)</script>", handle="evil")
        for payload in PAYLOADS:
            draft = posting.TopicDraft(world.one["club_id"], "talk", payload, payload)
            with writing() as session:
                topic = posting.start_topic(session, evil, draft, now)
                shown += [(f"/topics/{topic.id}", VISITOR), (f"/topics/{topic.id}", "moderator")]
        with writing() as session:
            post = posting.reply(session, evil, topic.id, everything, now)
            placed = reporting.ReportDraft(f"/posts/{post.id}", "spam", everything[:1900], True)
            name = "<img src=x onerror=alert(7)>"
            placed = replace(placed, name=name, email='a<b>@x"onfocus=a')
            report = reporting.report(session, None, placed, now)
            fold = moderation.fold(
                session, world.who["moderator"], post.id, "spam", PAYLOADS[14], now
            )
            appealing.appeal(session, evil, fold.id, everything[:1900], now)
        with writing() as session:
            review = session.get_one(Review, world.of["review_id"]["member"])
            draft_ = ReviewDraft(1, PAYLOADS[14], everything)
            reviewing.revise(session, member.id, review.id, draft_, now)
            replying.reply(session, world.who["staff"], review.id, everything[:1900], now)
            texts = dict.fromkeys(("en", "zh_Hans"), PAYLOADS[0] + PAYLOADS[14])
            long = {"en": everything}
            products.add(session, ProductDraft("evil", texts, 1, "USD", texts, long), now)
            codes.show_as(session, member.id, "<svg onload=a>")
            outbox.put(session, "mail", {}, now, key="evil")
            session.execute(
                update(Message).where(Message.state == "dead").values(last_error=PAYLOADS[2])
            )
            line = LineDraft(PAYLOADS[2], 1, 100)
            order = ordering.place(
                session, OrderDraft(PAYLOADS[0], evil.id, 100, "USD", now, [line]), now
            )
        return [
            *shown,
            ("/", VISITOR),
            ("/clubs", VISITOR),
            ("/clubs/tea", VISITOR),
            (f"/posts/{post.id}", VISITOR),
            ("/moderation", VISITOR),
            ("/members/evil", VISITOR),
            ("/reviews", VISITOR),
            (f"/reviews/{review.id}", VISITOR),
            (f"/reviews/{review.id}/edit", "member"),
            ("/products", VISITOR),
            ("/products/evil", "member"),
            (f"/products/{world.one['product']}", VISITOR),
            ("/me/referrals", "member"),
            (f"/moderation/reports/{report.id}", "moderator"),
            ("/moderation/queue", "moderator"),
            ("/operations", "owner"),
            ("/orders", "staff"),
            (f"/orders/{order.id}", "staff"),
            ("/customers", "staff"),
            ("/customers/evil", "staff"),
            ("/roles", "owner"),
            ("/search?q=alert", VISITOR),
            ("/search?q=%3Cscript%3Ealert(7)%3C/script%3E", VISITOR),
            ("/search?q=%22%20onfocus%3Dalert(7)%20x%3D%22", VISITOR),
            ("/transparency?subject=%22%3E%3Cscript%3E", VISITOR),
            ("/funnel/members/evil", "staff"),
            ("/report?place=%22%3E%3Cscript%3E", VISITOR),
            ("/notifications", "moderator"),
            ("/orders?q=%22%3E%3Cscript%3E", "staff"),
            ("/acknowledgements", "staff"),
        ]


class TestOtherPeople:
    OWNED = (
        "/me/orders/{order_id}",
        "/me/rewards/{grant_id}",
        "/me/redemptions/{redemption_id}",
        "/notifications/{notification_id}",
        "/folds/{fold_id}/appeal",
        "/appeals/{appeal_id}",
        "/posts/{post_id}/edit",
        "/reviews/{review_id}/edit",
        "/reviews/{review_id}/receipt.json",
    )

    def test_cleo_sees_nothing_of_adas(self, app: Any, world: World) -> None:
        hers = {name: roles_["member"] for name, roles_ in world.of.items()}
        cleo = worlds.browser(app, world.who["cleo"])
        for pattern in self.OWNED:
            path = pattern.format(**hers)
            assert cleo.get(path).status_code in (403, 404), path
            assert ada(app, world).get(path).status_code in (200, 303), path

    def test_cleo_changes_nothing_of_adas(self, app: Any, world: World) -> None:
        hers = {name: roles_["member"] for name, roles_ in world.of.items()}
        cleo, before = worlds.browser(app, world.who["cleo"]), rows()
        form = {
            "csrf_token": worlds.form_token(app),
            "body": "Words by Cleo, long enough to stand.",
        }
        form |= {"title": "Cleo's", "stars": "1", "text": "x", "decision": "granted", "reason": "x"}
        for pattern in (
            "/posts/{post_id}/edit",
            "/posts/{answer_id}/accept",
            "/reviews/{review_id}/edit",
            "/folds/{fold_id}/appeal",
            "/appeals/{appeal_id}",
        ):
            assert cleo.post(pattern.format(**hers), data=form).status_code in (403, 404), pattern
        assert rows() == before
        cleo.post(f"/settings/sessions/{hers['sign_in_id']}/revoke", data=form)
        token = {"csrf_token": worlds.form_token(app), "password": "x", "confirm": "y"}
        assert cleo.post(f"/settings/email/{hers['move_token']}", data=token).status_code == 410
        with reading() as session:
            assert session.get_one(SignIn, hers["sign_in_id"]).revoked_at is None
            assert session.get_one(Member, world.who["member"].id).email == "ada@example.com"


class TestStaleRights:
    def test_a_moderator_who_is_none_any_more_is_refused_at_the_next_request(
        self, app: Any, world: World
    ) -> None:
        mo = worlds.browser(app, world.who["moderator"])
        assert mo.get("/moderation/queue").status_code == 200
        with writing() as session:
            roles.grant(session, world.who["owner"].id, "mo@example.com", "member", clock.now())
        assert mo.get("/moderation/queue").status_code == 403

    def test_a_revoked_session_is_none(self, app: Any, world: World) -> None:
        client = ada(app, world)
        assert client.get("/me").status_code == 200
        with writing() as session:
            signing_in.revoke_others(session, world.who["member"].id, clock.now(), keep="none")
        assert client.get("/me").headers["Location"].startswith("/sign-in")

    def test_a_copied_cookie_dies_with_its_session(self, app: Any, world: World) -> None:
        client, thief = ada(app, world), app.test_client()
        cookie = client.get_cookie("session")
        thief.set_cookie("session", cookie.value)
        assert thief.get("/me").status_code == 200
        client.post("/sign-out", data={"csrf_token": worlds.form_token(app)})
        assert thief.get("/me").status_code == 303


class Process:
    """Another process of the site: the same database, shelves of its own."""

    def __init__(self, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._client, self._patch = client, monkeypatch
        self._shelves = Shelf(100), Shelf(100), Shelf(100)

    def get(self, path: str, **more: Any) -> str:
        with self._patch.context() as patch:
            patch.setattr(fragments, "shelf", self._shelves[0])
            patch.setattr(front, "whole_pages", self._shelves[1])
            patch.setattr(member_shells, "shells", self._shelves[2])
            return str(self._client.get(path, **more).text)


class TestKeptPages:
    PUBLIC = (
        "/", "/clubs", "/clubs/tea", "/products", "/reviews", "/moderation", "/how-rewards-work",
        "/how-reviews-work", "/products/yunnan-black",
    )  # fmt: skip

    def public(self, world: World) -> tuple[str, ...]:
        return (*self.PUBLIC, f"/topics/{world.of['topic_id']['staff']}")

    def test_nobody_sees_another_readers_shell(self, app: Any, world: World) -> None:
        with writing() as session:
            zora = people.member(session, "Zora Zonked")
        zoras, tokens = worlds.browser(app, zora), set()
        for path in self.public(world):
            for client, name in ((zoras, "Zora Zonked"), (ada(app, world), "Ada")):
                html = client.get(path).text
                assert "/sign-out" in html, path
                assert f'<span class="menu-name">{name}</span>' in html, path
                assert ("Zora Zonked" in html) == (name == "Zora Zonked"), path
                assert "form-token-" not in html, path
                tokens.update(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', html))
            visitor = app.test_client().get(path).text
            again = app.test_client().get(path).text
            assert "/sign-out" not in visitor + again, path
            assert "Zora Zonked" not in visitor + again, path
            assert "form-token-" not in visitor + again, path
            assert not any(token in again for token in tokens), path

    def test_a_token_belongs_to_its_reader(self, app: Any, world: World) -> None:
        path = f"/topics/{world.of['topic_id']['staff']}"
        for role in ("member", "cleo", "ben"):
            client = worlds.browser(app, world.who[role])
            found = set(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text))
            assert found
            for token in found:
                watched = path + "/watch"
                assert client.post(watched, data={"csrf_token": token}).status_code == 303

    def test_a_kept_page_forgets_who_signed_out(self, app: Any, world: World) -> None:
        client = ada(app, world)
        thief = app.test_client()
        for _ in range(3):
            assert "/sign-out" in client.get("/clubs").text
        thief.set_cookie("session", client.get_cookie("session").value)
        assert "/sign-out" in thief.get("/clubs").text
        client.post("/sign-out", data={"csrf_token": worlds.form_token(app)})
        assert "/sign-out" not in thief.get("/clubs").text

    def test_a_kept_page_tells_at_once_what_is_new(self, app: Any, world: World) -> None:
        client, told = ada(app, world), Notice("member.role_granted", "account")
        for _ in range(3):
            before = client.get("/clubs").text
        with writing() as session:
            tell(session, world.who["member"].id, told, clock.now(), link="/me")
        after = client.get("/clubs").text
        unread = re.compile(r'class="tool-count"[^>]*>(\d+)')
        was = unread.search(before)
        now = unread.search(after)
        assert now is not None
        assert int(now[1]) == (int(was[1]) if was else 0) + 1

    def test_a_kept_page_keeps_its_address(self, app: Any, world: World) -> None:
        client = ada(app, world)
        for path in ("/products?a=1%26b", "/products?a=2", "/clubs/tea", "/clubs"):
            for _ in range(2):
                html = client.get(path).text
                back = re.search(r'/language/en\?next=([^"]+)"', html)
                assert back is not None
                assert urllib.parse.unquote(back[1]) == path

    def test_each_language_has_its_own(self, app: Any, world: World) -> None:
        for path in self.public(world):
            for code in ("zh-TW", "en", "zh-CN", "en", "zh-TW"):
                html = app.test_client().get(path, headers={"Accept-Language": code}).text
                wanted = {"zh-TW": "zh-Hant", "zh-CN": "zh-Hans", "en": "en"}[code]
                assert f'<html lang="{wanted}">' in html, path

    def test_no_process_shows_what_was_before(
        self, app: Any, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        readers = [
            Process(client, monkeypatch)
            for client in (app.test_client(), app.test_client(), ada(app, world), ada(app, world))
        ]
        topic, now = world.of["topic_id"]["member"], clock.now()
        post, ada_ = world.of["post_id"]["member"], world.who["member"]
        product = f"/products/{world.one['product']}"

        def reply(session: Any) -> None:
            posting.reply(session, world.who["ben"], topic, "A word never said before.", now)

        def review(session: Any) -> None:
            tea, ben = world.one["product_id"], world.who["ben"].id
            reviewing.publish(session, ben, tea, ReviewDraft(2, "Rather smoky", "Smoke. " * 9), now)

        def fold(session: Any) -> None:
            moderation.fold(session, world.who["moderator"], post, "spam", "Folded, see.", now)

        def publish(session: Any) -> None:
            owner, draft = world.who["owner"].id, drafting.needed(session)
            rules = draft.rules.model_copy(update={"return_days": 29})
            drafting.change(session, owner, rules, "29 days now", draft.revision, now)
            publishing.publish(session, owner, drafting.needed(session), now)

        def rename(session: Any) -> None:
            profile = member_settings.Profile("Adelheid", "ada", "en", "UTC")
            member_settings.change_profile(session, ada_.id, profile, now)

        writes: list[tuple[str, Any, str]] = [
            (f"/topics/{topic}", reply, "A word never said before."),
            ("/reviews", review, "Rather smoky"),
            ("/moderation", fold, "Folded, see."),
            ("/how-rewards-work", publish, "29 days now"),
            (f"/topics/{topic}", rename, "Adelheid"),
            (product, rename, "Adelheid"),
        ]
        for path, write, words in writes:
            if write is not rename or path != product:
                for reader in readers:
                    assert words not in reader.get(path)
                    assert words not in reader.get(path)
                with writing() as session:
                    write(session)
            for reader in readers:
                assert words in reader.get(path), (path, words)
                assert words in reader.get(path), (path, words)
