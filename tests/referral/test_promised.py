"""What friends are told they get is what the rules give to whom comes by that way."""

from __future__ import annotations

from referral import promises
from rewards.first_programme import first_programme
from rewards.rules import Condition, EarningRule, Programme


def brought(key: str, amount: int, when: Condition) -> EarningRule:
    return EarningRule(
        key=key,
        fact="referral.purchased",
        name={"en": key},
        who="both",
        amount=amount,
        friend_amount=amount // 2,
        when=when,
    )


def programme(*earning: EarningRule) -> Programme:
    return first_programme().model_copy(update={"earning": earning})


def test_a_link_promises_what_its_own_channel_earns() -> None:
    rules = programme(
        brought("all", 200, Condition()), brought("line", 120, Condition(channels=("line", "qr")))
    )
    assert promises.of(rules, "whatsapp").friend == "100 points"
    assert promises.of(rules, "line").friend == "100 points + 60 points"
    assert promises.of(rules, None).referrer == "200 points + 120 points (on conditions)"
    said = promises.share_text("Tea", promises.of(rules, "link"))
    assert said.endswith("you get 100 points; so that you know, I get 200 points.")


def test_what_asks_for_more_than_a_first_order_is_not_promised_to_everybody() -> None:
    rules = programme(brought("dear", 200, Condition(value_min=5_000)))
    assert promises.of(rules, "link").friend == "100 points (on conditions)"
    assert (
        promises.of(programme(brought("x", 9, Condition(channels=("qr",)))), "mail").is_any is False
    )
