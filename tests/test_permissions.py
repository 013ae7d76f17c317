"""Every route, every method, every role: one table, and nothing that is not in it.

Who adds a route adds its line here. Roles: visitor, member (Ada), moderator (Mo), staff (Sam),
owner (Olga). What belongs to one member (an order, a grant, a fold's appeal) is asked for by its
owner here; that nobody else gets it stands in test_security.py.
"""

from __future__ import annotations

from typing import Any

from tests import world as worlds
from tests.beginnings import Begin
from tests.world import World

VISITOR, MEMBER, MODERATOR, STAFF, OWNER = "visitor", "member", "moderator", "staff", "owner"

MEMBERS = {MEMBER, MODERATOR, STAFF, OWNER}
ALL = {VISITOR, *MEMBERS}
DESK = {STAFF, OWNER}  # who speaks for the company
JUDGES = {MODERATOR}
OWNERS = {OWNER}

MAY: dict[str, set[str]] = {
    # The house
    "GET /": ALL,
    "GET /static/<path:filename>": ALL,
    "GET /typefaces/<name>.woff2": ALL,
    "GET /pictures/<name>.webp": ALL,
    "GET /language/<code>": ALL,
    "GET /healthz": ALL,
    "GET /readyz": ALL,
    "GET /search": ALL,
    "GET /operations": OWNERS,
    "POST /operations/replay": OWNERS,
    "POST /operations/replay/<message_id>": OWNERS,
    # The door
    "GET /join": ALL,
    "POST /join": ALL,
    "GET /verify": ALL,
    "POST /verify": ALL,
    "GET /verify/<token>": ALL,
    "POST /verify/<token>": ALL,
    "GET /sign-in": ALL,
    "POST /sign-in": ALL,
    "POST /sign-out": ALL,
    "GET /reset": ALL,
    "POST /reset": ALL,
    "GET /reset/<token>": ALL,
    "POST /reset/<token>": ALL,
    # A member's own
    "GET /me": MEMBERS,
    "GET /settings": MEMBERS,
    "POST /settings": MEMBERS,
    "POST /settings/email": MEMBERS,
    "GET /settings/email/<token>": MEMBERS,
    "POST /settings/email/<token>": MEMBERS,
    "GET /settings/password": MEMBERS,
    "POST /settings/password": MEMBERS,
    "GET /settings/sessions": MEMBERS,
    "POST /settings/sessions/<sign_in_id>/revoke": MEMBERS,
    "POST /settings/sessions/revoke-others": MEMBERS,
    "GET /settings/notifications": MEMBERS,
    "POST /settings/notifications": MEMBERS,
    "GET /members/<handle>": ALL,
    "GET /roles": OWNERS,
    "POST /roles": OWNERS,
    # Notifications
    "GET /notifications": MEMBERS,
    "GET /notifications/<notification_id>": MEMBERS,
    "POST /notifications/read": MEMBERS,
    "GET /unsubscribe/<token>": ALL,
    "POST /unsubscribe/<token>": ALL,
    "GET /dev/mails": ALL,  # examples only, and only where developer pages are switched on
    "GET /dev/mails/<kind>": ALL,
    "GET /dev/mails/waiting": OWNERS,
    "GET /dev/mails/waiting/<message_id>": OWNERS,
    "GET /demo/postbox": ALL,  # from the demo's own machine only: tests/demo/test_postbox.py
    "GET /demo/postbox/<message_id>": ALL,
    # Clubs
    "GET /clubs": ALL,
    "GET /clubs/<slug>": ALL,
    "GET /clubs/<slug>/new": MEMBERS,
    "POST /clubs/<slug>/new": MEMBERS,
    "GET /topics/<topic_id>": ALL,
    "GET /topics/<topic_id>/reply": MEMBERS,
    "POST /topics/<topic_id>/reply": MEMBERS,
    "POST /topics/<topic_id>/watch": MEMBERS,
    "GET /posts/<post_id>": ALL,
    "GET /posts/<post_id>/place": ALL,
    "GET /posts/<post_id>/edit": MEMBERS,
    "POST /posts/<post_id>/edit": MEMBERS,
    "POST /posts/<post_id>/accept": MEMBERS,
    "GET /clubs/new": OWNERS,
    "POST /clubs/new": OWNERS,
    "GET /clubs/<slug>/edit": OWNERS,
    "POST /clubs/<slug>/edit": OWNERS,
    "GET /promises": DESK,
    # Moderation
    "GET /moderation": ALL,
    "GET /moderation/<entry_id>": ALL,
    "GET /moderation/queue": JUDGES | OWNERS,  # owners decide appeals
    "GET /moderation/reports/<report_id>": JUDGES,
    "POST /moderation/reports/<report_id>": JUDGES,
    "GET /posts/<post_id>/report": MEMBERS,
    "POST /posts/<post_id>/report": MEMBERS,
    "GET /report": ALL,
    "POST /report": ALL,
    "GET /report/received/<report_id>": ALL,
    "GET /posts/<post_id>/fold": JUDGES,
    "POST /posts/<post_id>/fold": JUDGES,
    "GET /folds/<fold_id>/restore": JUDGES,
    "POST /folds/<fold_id>/restore": JUDGES,
    "GET /folds/<fold_id>/appeal": MEMBERS,
    "POST /folds/<fold_id>/appeal": MEMBERS,
    "GET /appeals/<appeal_id>": MEMBERS,
    "POST /appeals/<appeal_id>": MEMBERS,
    "GET /topics/<topic_id>/lock": JUDGES,
    "POST /topics/<topic_id>/lock": JUDGES,
    # The transparency log
    "GET /transparency": ALL,
    "GET /transparency/leaves/<int:index>": ALL,
    "GET /transparency/leaves/<int:index>/receipt.json": ALL,
    "GET /transparency/check_receipt.py": ALL,
    "GET /transparency/head.json": ALL,
    "GET /transparency/leaves.json": ALL,
    "GET /transparency/proof.json": ALL,
    "GET /transparency/consistency.json": ALL,
    # Referrals
    "GET /r/<code>": ALL,
    "GET /r/<code>/<channel>": ALL,
    "GET /invited": ALL,
    "GET /me/referrals": MEMBERS,
    "GET /me/referrals/qr.<any(svg, png):kind>": MEMBERS,
    "POST /me/referrals/name": MEMBERS,
    "POST /me/referrals/renew": MEMBERS,
    "POST /me/referrals/revoke": MEMBERS,
    "GET /referrals": DESK,
    "POST /referrals/<referral_id>/approve": DESK,
    "POST /referrals/<referral_id>/refuse": DESK,
    # Rewards
    "GET /how-rewards-work": ALL,
    "GET /how-rewards-work/<int:number>": ALL,
    "GET /me/rewards": MEMBERS,
    "GET /me/standing": MEMBERS,
    "GET /me/prepaid": MEMBERS,
    "GET /me/prepaid/code.svg": MEMBERS,
    "POST /me/prepaid/code": MEMBERS,
    "GET /prepaid": DESK,
    "POST /prepaid/take": DESK,
    "POST /prepaid/uses/<use_id>/give-back": DESK,
    "GET /me/credit": MEMBERS,
    "GET /me/credit/code.svg": MEMBERS,
    "POST /me/credit/code": MEMBERS,
    "GET /credit": DESK,
    "POST /credit/take": DESK,
    "POST /credit/takings/<taking_id>/give-back": DESK,
    "GET /vouchers": DESK,
    "POST /vouchers/take": DESK,
    "POST /vouchers/give-back": DESK,
    "POST /me/rewards/redeem": MEMBERS,
    "GET /me/rewards/<grant_id>": MEMBERS,
    "GET /me/rewards/statement": MEMBERS,
    "GET /me/rewards/statement.csv": MEMBERS,
    "GET /me/rewards/statement.json": MEMBERS,
    "GET /rewards/catalogue": ALL,
    "GET /rewards/catalogue/<item_key>": MEMBERS,
    "POST /rewards/catalogue/<item_key>": MEMBERS,
    "GET /me/redemptions": MEMBERS,
    "GET /me/redemptions/<redemption_id>": MEMBERS,
    "POST /me/redemptions/<redemption_id>/cancel": MEMBERS,
    "GET /redemptions": DESK,
    "POST /redemptions/next": DESK,
    "GET /redemptions/<redemption_id>": DESK,
    "POST /redemptions/<redemption_id>": DESK,
    "GET /programme/stock": OWNERS,
    "POST /programme/stock": OWNERS,
    "GET /programme/draft/catalogue": OWNERS,
    "POST /programme/draft/catalogue": OWNERS,
    "GET /me/cards": MEMBERS,
    "GET /me/perks": MEMBERS,
    "GET /me/seats/<invitation_id>": MEMBERS,
    "POST /me/seats/<invitation_id>": MEMBERS,
    "GET /me/seats/<invitation_id>/agreement.json": MEMBERS,
    "POST /me/seats/<invitation_id>/decline": MEMBERS,
    "POST /me/seats/<invitation_id>/leave": MEMBERS,
    "GET /seats": OWNERS,
    "GET /seats/agreement": OWNERS,
    "POST /seats/agreement": OWNERS,
    "POST /seats/agreement/publish": OWNERS,
    "GET /seats/invite": OWNERS,
    "POST /seats/invite": OWNERS,
    "GET /seats/invitations/<invitation_id>": OWNERS,
    "POST /seats/invitations/<invitation_id>": OWNERS,
    "POST /seats/<seat_id>/end": OWNERS,
    "POST /seats/<seat_id>/settle": OWNERS,
    "GET /agreements/<int(max=2147483647):number>": OWNERS,
    "GET /papers": ALL,
    "GET /papers/<paper_id>": MEMBERS,
    "POST /papers/<paper_id>/copy": MEMBERS,
    "POST /papers/<paper_id>/file": MEMBERS,
    "GET /papers/manage": OWNERS,
    "GET /papers/new": OWNERS,
    "POST /papers/new": OWNERS,
    "GET /papers/<paper_id>/edit": OWNERS,
    "POST /papers/<paper_id>/edit": OWNERS,
    "GET /papers/<paper_id>/readers": OWNERS,
    "POST /papers/<paper_id>/readers": OWNERS,
    "POST /papers/revocations/<revocation_id>/lift": OWNERS,
    "GET /papers/whose": OWNERS,
    "GET /me/awards/<award_id>": MEMBERS,
    "GET /programme/awards": OWNERS,
    "POST /programme/awards": OWNERS,
    "GET /programme/awards/<set_id>": OWNERS,
    "POST /programme/awards/<set_id>/give": OWNERS,
    "POST /programme/awards/<set_id>/discard": OWNERS,
    "GET /programme/awards/<set_id>/rejects.csv": OWNERS,
    "GET /programme/awards/<set_id>/take-back": OWNERS,
    "POST /programme/awards/<set_id>/take-back": OWNERS,
    "GET /programme/perks": OWNERS,
    "POST /programme/perks": OWNERS,
    "GET /programme/perks/<entitlement_id>": OWNERS,
    "POST /programme/perks/<entitlement_id>": OWNERS,
    "GET /programme/draft/cards": OWNERS,
    "POST /programme/draft/cards": OWNERS,
    "GET /programme/draft/perks": OWNERS,
    "POST /programme/draft/perks": OWNERS,
    "GET /programme/draft/topups": OWNERS,
    "POST /programme/draft/topups": OWNERS,
    "GET /programme": OWNERS,
    "GET /programme/budgets": OWNERS,
    "GET /programme/draft/budgets": OWNERS,
    "POST /programme/draft/budgets": OWNERS,
    "GET /how-rewards-work/calculator": ALL,
    "GET /programme/draft": OWNERS,
    "POST /programme/draft": OWNERS,
    "POST /programme/draft/start": OWNERS,
    "GET /programme/draft/standing": OWNERS,
    "POST /programme/draft/standing": OWNERS,
    "GET /programme/publish": OWNERS,
    "POST /programme/publish": OWNERS,
    "GET /programme/replay": OWNERS,
    "POST /programme/replay": OWNERS,
    "GET /programme/replay/<run_id>": OWNERS,
    "POST /programme/first": OWNERS,
    "POST /programme/draft/discard": OWNERS,
    # The book
    "GET /book": DESK,
    "GET /book/trial-balance.csv": DESK,
    "GET /book/outstanding": DESK,
    "GET /book/outstanding.csv": DESK,
    "POST /book/count": DESK,
    "GET /book/journal": OWNERS,
    "GET /book/journal.beancount": OWNERS,
    "GET /book/journal.csv": OWNERS,
    # The shop
    "GET /products": ALL,
    "GET /products/<slug>": ALL,
    "POST /products/<slug>/buy": MEMBERS,
    "GET /products/manage": OWNERS,
    "GET /products/new": OWNERS,
    "POST /products/new": OWNERS,
    "GET /products/<slug>/edit": OWNERS,
    "POST /products/<slug>/edit": OWNERS,
    "GET /me/orders": MEMBERS,
    "GET /me/orders/<order_id>": MEMBERS,
    "GET /orders": DESK,
    "GET /orders/<order_id>": DESK,
    "POST /orders/<order_id>": DESK,
    "GET /orders/import": OWNERS,
    "POST /orders/import": OWNERS,
    "GET /orders/import/<import_id>": OWNERS,
    "GET /orders/import/<import_id>/rejects.csv": OWNERS,
    "GET /customers": DESK,
    "GET /customers/<handle>": DESK,
    "GET /api-keys": OWNERS,
    "POST /api-keys": OWNERS,
    "POST /api-keys/<key_id>/revoke": OWNERS,
    "POST /api/vouchers/validate": ALL,  # whoever shows a key; others: 401
    "POST /api/vouchers/redeem": ALL,
    "POST /api/vouchers/release": ALL,
    "POST /api/prepaid/look": ALL,
    "POST /api/prepaid/take": ALL,
    "POST /api/prepaid/give-back": ALL,
    "POST /api/credit/look": ALL,
    "POST /api/credit/take": ALL,
    "POST /api/credit/give-back": ALL,
    "POST /webhooks/shop": ALL,  # whoever signs with the shared secret; others: 400
    # Reviews
    "GET /reviews": ALL,
    "GET /reviews/<review_id>": ALL,
    "GET /reviews/<review_id>/receipt.json": MEMBERS,
    "GET /how-reviews-work": ALL,
    "GET /products/<slug>/reviews/new": MEMBERS,
    "POST /products/<slug>/reviews/new": MEMBERS,
    "GET /reviews/<review_id>/edit": MEMBERS,
    "POST /reviews/<review_id>/edit": MEMBERS,
    "POST /reviews/<review_id>/vote": MEMBERS,
    "POST /reviews/<review_id>/reply": DESK,
    # Steering
    "GET /funnel": DESK,
    "GET /funnel/<stage>": DESK,
    "GET /funnel/members/<handle>": DESK,
    "GET /acknowledgements": DESK,
}

#: Query strings without which a page has nothing to say.
ASKED = {
    "/transparency/proof.json": "?leaf=0",
    "/transparency/consistency.json": "?first=1",
}


def routes(app: Any) -> dict[str, Any]:
    """`METHOD rule` to its rule, for everything the application answers."""
    return {
        f"{method} {rule.rule}": rule
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    }


def test_every_route_is_in_the_table_and_the_table_lists_no_other(app: Any) -> None:
    known = set(routes(app))
    assert known - set(MAY) == set(), "say in MAY (tests/test_permissions.py) who may do this"
    assert set(MAY) - known == set(), "these routes are gone; take their lines out"


def test_every_role_reaches_what_it_may_and_nothing_else(app: Any, beginning: Begin) -> None:
    world = beginning("world", worlds.make)
    problems = []
    known = routes(app)
    for method in ("GET", "POST"):  # looking first: sending changes what there is to see
        for line, rule in known.items():
            if line in MAY and line.startswith(method + " "):
                problems += [
                    f"{role}: {line} → {status}"
                    for role in (VISITOR, *worlds.ROLES)
                    if not _fits(role, line, status := _ask(app, world, rule, method, role))
                ]
    assert problems == []


def _ask(app: Any, world: World, rule: Any, method: str, role: str) -> str:
    """The status of a request by a fresh sign-in; with `sign-in` when it leads there."""
    net = "127.0.0" if rule.rule.startswith("/demo/") else "192.0.2"
    address = f"{net}.{(VISITOR, *worlds.ROLES).index(role) + 1}"
    client = worlds.browser(app, world.who.get(role), address)
    path = worlds.address_of(world, rule, role) + ASKED.get(rule.rule, "")
    form = {"csrf_token": worlds.form_token(app)}
    shown = {"Authorization": f"Bearer {world.one['api_key']}"} if "/api/" in path else {}
    answer = client.open(
        path, method=method, data=form if method == "POST" else None, headers=shown
    )
    to_sign_in = answer.headers.get("Location", "").startswith("/sign-in")
    return f"{answer.status_code}{' sign-in' if to_sign_in else ''}"


def _fits(role: str, line: str, status: str) -> bool:
    if role not in MAY[line]:
        return status == ("303 sign-in" if role == VISITOR else "403")
    if line.startswith("GET "):
        return status in ("200", "302", "303")
    return status[:3] not in ("401", "403") and status < "500" and "sign-in" not in status
