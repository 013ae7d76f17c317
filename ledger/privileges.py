"""What an application role may ask of the tables that triggers keep (foundation/roles.py)."""

from __future__ import annotations

from typing import Final

#: The update of `folded` is what PostgreSQL asks of whoever locks a balance; changing anything is
#: the triggers' affair, which refuse all but a correct fold.
KEPT: Final = {
    "ledger_entry": ("select",),
    "ledger_balance": ("select", "insert", "update (folded)"),
    "ledger_hold": ("select",),
    "ledger_lot": ("select",),
    "ledger_lot_use": ("select",),
    "ledger_unsealed": ("select", "delete"),
}
