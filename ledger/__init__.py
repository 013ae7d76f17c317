"""The book: who has what, kept so that nobody can cheat it, not even we.

A *commodity* is what is counted (points, a currency in minor units, vouchers), always in whole
units. An *account* holds one commodity for one owner and one purpose; what other systems keep in
status columns is an account here, so a change of state is an ordinary transfer and every number a
member sees is the balance of an account:

    issued        the programme's; goes below zero by all that was ever given
    pending       a member's, promised but held until the return period is over
    available     a member's, can be spent; never below zero
    owed          a member's debt, zero or below: taken back after it was spent
    redeemed      a member's, spent
    expired       a member's, too late
    clawed_back   a member's, taken back

A *transfer* is one row: a positive amount from a source to a target. When it is inserted, the
database itself writes its two *entries* (minus on the source, plus on the target, each with the
balance after it and a number without gaps) and moves the two *balances*. Nothing else can: entries
and balances cannot be written by hand, transfers cannot be changed or removed, limits cannot be
crossed. That is what the triggers of migration 0300 are for, and tests/ledger attacks them.

The verbs; each takes a session of `writing()` and a key, and never commits:

    earning.credit(session, owner=, commodity=, amount=, key=, now=)        issued → available
    holds.hold(session, owner=, commodity=, amount=, key=, until=, now=)    issued → pending
    holds.post(session, hold_id, amount=None, key=, now=)                   pending → available
    holds.void(session, hold_id, amount=None, key=, now=)                   pending → issued
    spending.spend(session, owner=, commodity=, amount=, key=, now=)        available → redeemed
    clawbacks.claw_back(session, owner=, commodity=, amount=, key=, now=)   available → clawed_back
    transfers.transfer(session, source=, target=, amount=, key=, kind=, now=)  anything else
    transfers.transfer_many(session, drafts, now)                           many, in few statements
    transfers.reverse(session, transfer_id, amount=None, key=, now=)        back, all or in part
    accounts.account(session, owner, kind, commodity, now)                  opens or finds

`credit` and `post` pay off what is owed before anything becomes available. `claw_back` takes what
is available and books the rest as owed. Each of them also takes `about` (the fact or thing behind
it) and `memo` (a JSON object).

The same key with the same request gives back the same transfer and does nothing; the same key
with another request is `Refused(code="idempotency_conflict", status=409)` and names the field that
differs. Keys grow the cheapest index when they are ordered by time (`new_id`) or natural
("grant:<id>").

Reading: `statements.balances` (five numbers), `statements.balances_at`, `statements.statement`,
`statements.trial_balance`, `statements.outstanding`. `audit.audit` recomputes everything and names
the first bad row; `bellmouth ledger audit` does so from the command line.

The ledger knows no members and no programme: an owner is a text.
"""
