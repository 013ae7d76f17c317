"""What a member decides about herself."""

from __future__ import annotations

from typing import Any

import pytest

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from members import consents, roles, signing_in
from members.models import Member
from tests import people
from tests.members.conftest import Postbox


@pytest.fixture
def ada(client: Any) -> Member:
    with writing() as session:
        made = people.ada(session)
    people.sign_in(client, made)
    return made


def own(member: Member) -> Member:
    with reading() as session:
        return session.get_one(Member, member.id)


PROFILE = {"name": "Ada L.", "handle": "Ada_L", "language": "zh_Hant", "time_zone": "Asia/Taipei"}


def test_it_works(client: Any, ada: Member) -> None:
    for page in ("", "/password", "/sessions", "/notifications"):
        assert client.get(f"/settings{page}").status_code == 200
    assert people.submit(client, "/settings", **PROFILE).status_code == 303
    changed = own(ada)
    assert (changed.name, changed.handle, changed.language) == ("Ada L.", "ada_l", "zh_Hant")
    assert 'lang="zh-Hant"' in client.get("/settings").text


@pytest.mark.parametrize("handle", ["ben", "Admin", "a", "ada lovelace", "guest_1234567890"])
def test_a_handle_is_plain_free_and_nobody_elses(client: Any, ada: Member, handle: str) -> None:
    with writing() as session:
        people.ben(session)
    answer = people.submit(client, "/settings", **{**PROFILE, "handle": handle})
    assert answer.status_code == 422
    assert own(ada).handle == "ada"


def test_a_new_password_signs_out_all_others_and_tells_her(
    app: Any, client: Any, ada: Member, postbox: Postbox
) -> None:
    phone = app.test_client()
    people.sign_in(phone, ada)
    form = {"current": people.PASSWORD, "password": "another good one"}
    assert people.submit(client, "/settings/password", **form).status_code == 303
    assert client.get("/me").status_code == 200
    assert phone.get("/me").status_code == 303
    letter = postbox.empty()
    assert letter is not None
    assert letter.to == "ada@example.com"


def test_a_new_password_needs_the_old_one(client: Any, ada: Member) -> None:
    form = {"current": "not this one", "password": "another good one"}
    answer = people.submit(client, "/settings/password", **form)
    assert answer.status_code == 422
    assert "This is not your password." in answer.text
    assert own(ada).password_hash == people.PASSWORD_HASH


def test_an_address_moves_when_the_new_one_is_proven(
    client: Any, ada: Member, postbox: Postbox
) -> None:
    sent = people.submit(client, "/settings", "/settings/email", **{"move-email": "a@new.example"})
    assert sent.status_code == 303
    assert own(ada).email == "ada@example.com"
    link = postbox.link()
    assert postbox.letters[-1].to == "a@new.example"
    assert people.submit(client, link).status_code == 303
    assert own(ada).email == "a@new.example"
    letter = postbox.empty()
    assert letter is not None, "the old address is told"
    assert letter.to == "ada@example.com"


def test_moving_to_a_taken_address_tells_only_its_owner(
    client: Any, ada: Member, postbox: Postbox
) -> None:
    with writing() as session:
        people.ben(session)
    form = {"move-email": "ben@example.com"}
    sent = people.submit(client, "/settings", "/settings/email", **form)
    assert sent.status_code == 303
    letter = postbox.empty()
    assert letter is not None
    assert letter.subject == "You have an account already"


def test_somebody_elses_link_moves_nobody(
    app: Any, client: Any, ada: Member, postbox: Postbox
) -> None:
    with writing() as session:
        ben = people.ben(session)
    people.submit(client, "/settings", "/settings/email", **{"move-email": "a@new.example"})
    other, link = app.test_client(), postbox.link()
    people.sign_in(other, ben)
    assert people.submit(other, link).status_code == 410
    assert own(ben).email == "ben@example.com"


def test_browsers_are_listed_and_signed_out(app: Any, client: Any, ada: Member) -> None:
    phone = app.test_client()
    people.sign_in(phone, ada)
    with reading() as session:
        of_phone, of_client = signing_in.open_ones(session, ada.id)
    assert "this one" in client.get("/settings/sessions").text
    people.submit(client, "/settings/sessions", f"/settings/sessions/{of_phone.id}/revoke")
    assert (client.get("/me").status_code, phone.get("/me").status_code) == (200, 303)
    people.submit(client, "/settings/sessions", f"/settings/sessions/{of_client.id}/revoke")
    assert client.get("/me").status_code == 303


def test_all_others_are_signed_out_at_once(app: Any, client: Any, ada: Member) -> None:
    others = [app.test_client() for _ in range(3)]
    for other in others:
        people.sign_in(other, ada)
    people.submit(client, "/settings/sessions", "/settings/sessions/revoke-others")
    assert [other.get("/me").status_code for other in others] == [303] * 3
    assert client.get("/me").status_code == 200


def test_nobody_signs_out_another_member(app: Any, client: Any, ada: Member) -> None:
    with writing() as session:
        cleo = people.cleo(session)
    other = app.test_client()
    people.sign_in(other, cleo)
    with reading() as session:
        (row,) = signing_in.open_ones(session, ada.id)
    people.submit(other, "/settings/sessions", f"/settings/sessions/{row.id}/revoke")
    assert client.get("/me").status_code == 200


def test_consent_is_given_and_taken_back(client: Any, ada: Member) -> None:
    people.submit(client, "/settings/notifications", news="y")
    with reading() as session:
        chosen = consents.choices(session, ada.id)
    assert chosen == {"rewards": False, "community": False, "news": True}


def test_the_public_page_shows_who_speaks_for_the_company(app: Any, client: Any) -> None:
    with writing() as session:
        people.sam(session)
        people.mo(session)
    assert "Company" in client.get("/members/sam").text
    assert "Moderator" in client.get("/members/mo").text
    assert client.get("/members/sam").text.count("sam@example.com") == 0


def test_an_owner_grants_roles_and_it_is_on_record(app: Any, postbox: Postbox) -> None:
    with writing() as session:
        olga, ben = people.olga(session), people.ben(session)
    client = app.test_client()
    people.sign_in(client, olga)
    assert people.submit(client, "/roles", email=ben.email, role="moderator").status_code == 303
    assert own(ben).role == "moderator"
    page = client.get("/roles").text
    assert page.count("Ben") >= 2
    assert "Olga" in page
    letter = postbox.empty()
    assert letter is not None
    assert letter.to == ben.email


def test_the_last_owner_stays(database: Any) -> None:
    with writing() as session:
        olga = people.olga(session)
        with pytest.raises(Refused, match="has to be the owner"):
            roles.grant(session, olga.id, "olga@example.com", "member", clock.now())


def test_others_do_not_see_the_roles(app: Any, client: Any, ada: Member) -> None:
    assert client.get("/roles").status_code == 403
    assert app.test_client().get("/roles").status_code == 303
