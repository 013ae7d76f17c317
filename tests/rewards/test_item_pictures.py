"""Pictures of the catalogue: an owner gives them in the draft, everybody sees them."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest

from foundation import clock, pictures
from foundation.doors import reading
from rewards import programme as programmes
from tests import people
from tests.foundation.test_pictures import drawing, telling
from tests.rewards.shelves import buy, count_in, enrich, open_shelves
from tests.rewards.test_catalogue_pages import draft_fields
from tests.rewards.test_programme_desk import start

PAGE = "/programme/draft/catalogue"
ADDRESS = re.compile(r"/pictures/[0-9a-f]{64}-(?:small|large)\.webp")


@pytest.fixture
def shop(house: Any, now: Any) -> Any:
    open_shelves(house)
    enrich(house, house.ben, 120, now)
    return house


def row_of(values: dict[str, str], key: str) -> str:
    """The beginning of the names of an item's fields."""
    return next(
        name.removesuffix("key")
        for name, value in values.items()
        if value == key and name.endswith("-key")
    )


def give(client: Any, data: bytes, key: str = "teapot", **more: str) -> Any:
    """Send the draft's catalogue with a picture for an item; `more` without the row's name."""
    values = draft_fields(client)
    row = row_of(values, key)
    typed = {row + name: value for name, value in more.items()}
    sent = {row + "file": (io.BytesIO(data), "../../pot.png")}
    return client.post(PAGE, data=values | typed | sent)


def publish(client: Any) -> Any:
    return people.submit(client, "/programme/publish", sure="y")


def picture_in_draft(key: str = "teapot") -> Any:
    with reading() as session:
        draft = programmes.draft(session)
    assert draft is not None
    item = draft.rules.item(key)
    assert item is not None
    return item.picture


def test_it_works(client: Any, shop: Any, now: Any) -> None:
    start(client, shop)
    alt = {"alt_en": "A brown pot", "alt_zh_Hans": "棕色茶壶", "alt_zh_Hant": "棕色茶壺"}
    assert give(client, drawing(900, 600), **alt).status_code == 303
    assert "The teapot has a picture." in client.get(PAGE).text
    kept = picture_in_draft()
    assert (kept.width, kept.height, kept.alt["zh_Hant"]) == (900, 600, "棕色茶壺")
    assert publish(client).status_code == 303
    count_in(shop, "teapot", 1, now)
    small = kept.address("small")
    people.sign_in(client, shop.ben)
    redemption = (
        f"/me/redemptions/{buy(shop.ben, 'teapot', now, address='1 Tea Lane').redemption.id}"
    )
    for path in ("/rewards/catalogue", "/how-rewards-work"):
        shown = f'src="{small}" width="480" height="320" alt="A brown pot" loading="lazy"'
        assert shown in client.get(path).text, path
    for path in ("/rewards/catalogue/teapot", redemption):
        assert f'src="{kept.address("large")}" width="900" height="600"' in client.get(path).text
    people.sign_in(client, shop.olga)
    for path in ("/programme", "/programme/stock"):
        assert small in client.get(path).text, path
    assert client.get(small).mimetype == "image/webp"


def test_a_form_that_is_refused_still_has_its_picture(client: Any, shop: Any) -> None:
    start(client, shop)
    answer = give(client, telling(), cost="0", name_en="A pot")
    assert answer.status_code == 422
    assert 'value="A pot"' in answer.text
    assert len(ADDRESS.findall(answer.text)) == 2  # beside its name, and large enough to judge
    values = draft_fields(client)
    row = row_of(values, "teapot")
    again = re.search(rf'name="{row}picture"[^>]*value="([0-9a-f]{{64}})"', answer.text)
    assert again
    client.post(PAGE, data=values | {row + "picture": again.group(1)})
    assert picture_in_draft().sha256 == again.group(1)
    grown = client.post(PAGE, data=draft_fields(client) | {"act": "add-catalogue"})
    assert again.group(1) in grown.text


@pytest.mark.parametrize(
    ("data", "says"), [(b"MZ\x90", "no picture that can be read"), (drawing(40, 40), "too small")]
)
def test_a_wrong_file_is_said_at_its_field(client: Any, shop: Any, data: bytes, says: str) -> None:
    start(client, shop)
    answer = give(client, data, name_en="A pot")
    assert answer.status_code == 422
    assert re.search(
        rf'class="field-error" id="catalogue-\d+-file-error"><p>[^<]*{says}', answer.text
    )
    assert 'value="A pot"' in answer.text
    assert picture_in_draft() is None


def test_a_picture_is_replaced_and_taken_away(client: Any, shop: Any) -> None:
    start(client, shop)
    give(client, drawing(400, 400), alt_en="Once")
    first = picture_in_draft()
    give(client, drawing(500, 500))
    second = picture_in_draft()
    assert (second.width, second.alt) == (500, {"en": "Once"})
    assert second.sha256 != first.sha256
    values = draft_fields(client)
    client.post(PAGE, data=values | {row_of(values, "teapot") + "no_picture": "y"})
    assert picture_in_draft() is None


def test_a_hash_that_nobody_sent_up_is_refused(client: Any, shop: Any) -> None:
    start(client, shop)
    values = draft_fields(client)
    for odd in ("0" * 64, "../../secret", "<img>"):
        answer = client.post(PAGE, data=values | {row_of(values, "teapot") + "picture": odd})
        assert answer.status_code == 422
        assert "Send it up again." in answer.text


def test_what_a_version_names_stays_for_good(client: Any, shop: Any) -> None:
    start(client, shop)
    give(client, drawing(400, 400))
    published = picture_in_draft()
    publish(client)
    start(client, shop)
    give(client, drawing(500, 500))
    drafted = picture_in_draft()
    years = clock.now() + timedelta(days=3_650)
    assert pictures.forget(years).endswith(": 0 thrown away")
    publish(client)
    start(client, shop)
    values = draft_fields(client)
    client.post(PAGE, data=values | {row_of(values, "teapot") + "no_picture": "y"})
    publish(client)
    assert pictures.forget(years).endswith(": 0 thrown away")
    for each in (published, drafted):
        assert client.get(each.address("large")).status_code == 200


def test_only_owners_may_send_much(client: Any, shop: Any) -> None:
    start(client, shop)
    many = {f"field-{number}": "x" for number in range(2_000)}
    large = {"file": (io.BytesIO(b"x" * 9_000_000), "a.png")}
    values = draft_fields(client)
    assert client.post(PAGE, data=values | many | large).status_code == 303
    people.sign_in(client, shop.ben)
    much = {"file": (io.BytesIO(b"x" * 5_000_000), "a.png")}
    assert client.post(PAGE, data=much).status_code in (403, 413)
