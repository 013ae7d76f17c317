"""Finding one redemption, for its member or for staff."""

from __future__ import annotations

from sqlalchemy.orm import Session

from foundation.refusal import Refused
from rewards.catalogue.models import Redemption


def read(session: Session, redemption_id: str, member_id: str | None = None) -> Redemption:
    """A redemption, with `member_id` only if it is hers; Refused (404) else."""
    redemption = session.get(Redemption, redemption_id)
    if redemption is None or (member_id is not None and redemption.member_id != member_id):
        raise Refused("There is no such redemption.", code="unknown_redemption", status=404)
    return redemption
