"""Cards and welcome vouchers in plain words, in the reader's language, from their own terms."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.money import format_amount
from foundation.words import _, number, plural, sentences, text_in
from rewards import explaining_rules
from rewards.cards.rules import StampCard, WelcomeVoucher
from rewards.catalogue import explaining as explaining_items
from rewards.rules import EarningRule, Item, Programme, rule_of


def gives(card: StampCard, rules: Programme) -> str:
    """What a full card gives, in a few words: “150 points”, “a voucher for $5.00”, “$5.00 of store
    credit”."""
    item = rules.item(card.voucher or "")
    if item is not None:
        return _("a voucher for %(value)s", value=explaining_items.price(item))
    return explaining_rules.given_by(rule_of(card), card.points or card.credit or 0, rules)


def sentence(card: StampCard, rules: Programme) -> str:
    """What fills a card, and what it gives then."""
    return _(
        "%(orders)s within %(days)s fill the card; then it gives you %(reward)s.",
        orders=plural("%(num)s paid order", "%(num)s paid orders", card.orders),
        days=plural("%(num)s day", "%(num)s days", card.days),
        reward=gives(card, rules),
    )


def limits(card: StampCard, rules: Programme) -> list[str]:
    """What narrows a card, and what goes with its reward; a sentence each."""
    return [*_stamps(card, rules), *_reward(card, rules)]


def _stamps(card: StampCard, rules: Programme) -> Iterator[str]:
    as_rule = EarningRule(key="card", fact="order.paid", name={}, amount=1, when=card.when)
    yield from explaining_rules.conditions(as_rule, rules)
    if card.one_a_day:
        yield _("At most one stamp a day.")
    yield _("The days count from the first stamp.")


def _reward(card: StampCard, rules: Programme) -> Iterator[str]:
    item = rules.item(card.voucher or "")
    if item is not None:
        yield from _voucher(item, item.valid_days)
    elif card.is_paid:
        yield from explaining_rules.limits(rule_of(card), rules)
    if card.times is None:
        yield _("It can be filled again and again.")
    else:
        yield plural(
            "It can be filled once by each member.",
            "It can be filled %(num)s times by each member.",
            card.times,
        )


def refunds(card: StampCard, rules: Programme) -> str:
    """What a refund takes back."""
    if card.value_min:
        least = format_amount(card.value_min, rules.currency)
        first = _(
            "An order of which less than %(least)s is kept takes its stamp back.", least=least
        )
    else:
        first = _("An order that is given back whole takes its stamp back.")
    if card.voucher is not None:
        then = _(
            "If the card was full, a voucher you have not used is void; one you used is yours."
        )
    elif card.credit:
        then = _("If the card was full, its store credit goes back too.")
    else:
        then = _("If the card was full, its points go back too.")
    return sentences([first, then, _("The next order that counts can fill the card again.")])


def welcome(each: WelcomeVoucher, rules: Programme) -> str:
    """Who gets a welcome voucher, and when."""
    item = rules.item(each.voucher)
    price = explaining_items.price(item) if item else ""
    if each.friends_only:
        return _(
            "Whoever a friend brought gets a voucher for %(value)s on joining, once the e-mail"
            " address is confirmed.",
            value=price,
        )
    if each.after_orders == 0:
        return _(
            "Every new member gets a voucher for %(value)s once the e-mail address is confirmed.",
            value=price,
        )
    return plural(
        "A voucher for %(value)s after your first paid order.",
        "A voucher for %(value)s after your %(num)s paid orders.",
        each.after_orders,
        value=price,
    )


def welcome_limits(each: WelcomeVoucher, rules: Programme) -> list[str]:
    """What goes with it, a sentence each."""
    item = rules.item(each.voucher)
    return list(_welcome_limits(each, item)) if item is not None else []


def _welcome_limits(each: WelcomeVoucher, item: Item) -> Iterator[str]:
    if each.after_orders:
        yield _("Your e-mail address must be confirmed; earlier orders count then.")
    if each.order_min:
        least = format_amount(each.order_min, item.currency)
        yield _("Only for orders worth at least %(low)s.", low=least)
    yield from _voucher(item, each.valid_days or item.valid_days)
    yield _("Once for each member, ever.")
    yield explaining_rules.first_of_mailbox()


def _voucher(item: Item, days: int | None) -> Iterator[str]:
    """The terms of a voucher that is given away; its days count from then."""
    if item.uses > 1:
        price, uses = explaining_items.price(item), number(item.uses)
        yield _("Takes %(value)s off an order, %(uses)s times.", value=price, uses=uses)
    if days is not None:
        yield plural("Good for %(num)s day.", "Good for %(num)s days.", days)
    if item.bearer:
        yield _("Whoever has the code can use it: you may give it away.")
    else:
        yield _("Yours alone: the shop asks for the address you joined with.")


def stamps_left(many: int, of: int) -> str:
    """How full a card is: “4 of 6”."""
    return _("%(many)s of %(of)s", many=number(many), of=number(of))


# What changed.


def changes(old: Programme, new: Programme) -> Iterator[str]:
    """What `new` changes about cards and welcome vouchers, a sentence each."""
    yield from _changes(
        {card.key: (text_in(card.name), _whole(card, old)) for card in old.cards},
        {card.key: (text_in(card.name), _whole(card, new)) for card in new.cards},
    )
    yield from _changes(
        {each.key: (text_in(each.name), _whole_welcome(each, old)) for each in old.welcome},
        {each.key: (text_in(each.name), _whole_welcome(each, new)) for each in new.welcome},
    )


def _changes(was: dict[str, tuple[str, str]], now: dict[str, tuple[str, str]]) -> Iterator[str]:
    for key, (name, said) in now.items():
        if key not in was:
            yield _("New: %(now)s", now=f"{name}. {said}")
        elif was[key] != (name, said):
            yield _("%(name)s is now: %(what)s", name=name, what=said)
    for key, (name, said) in was.items():
        if key not in now:
            yield _("No longer: %(was)s", was=f"{name}. {said}")


def _whole(card: StampCard, rules: Programme) -> str:
    return sentences([sentence(card, rules), *limits(card, rules)])


def _whole_welcome(each: WelcomeVoucher, rules: Programme) -> str:
    return sentences([welcome(each, rules), *welcome_limits(each, rules)])
