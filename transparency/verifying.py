"""The auditor: walks through the whole log and holds it against itself and against the site.

Four questions. Does every leaf hash to what is stored, without a gap? Do the stored subtrees, the
head and every checkpoint follow from the leaves? Is every text that was published and not withdrawn
still served, word for word? Is what was withdrawn no longer served? A log that was rewritten
together with its checkpoints passes the first two; that is why roots are kept elsewhere too, and
may be passed in as `remembered`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from transparency import queries
from transparency.log import commitment
from transparency.models import Checkpoint, Leaf, LogNode
from transparency.tree import Frontier, Grown, leaf_hash

#: Leaves read at a time: a few hundred kilobytes.
BATCH = 2_000

#: Subjects a witness is asked about at a time (a list of parameters in one statement).
ASKED_AT_ONCE = 500

#: An event that ends so says that its subject is no longer served.
WITHDRAWALS = (".withdrawn", ".erased")

#: What is wrong with how a subject is served, by the state it is in.
WRONG = {
    "missing": ("served", "is not served, and no leaf says why"),
    "differs": ("served", "is served with another content than was logged"),
    "undead": ("served", "was withdrawn and is still served"),
    "forgotten": ("salt", "has lost its salt, and no leaf says why"),
}

#: Given subjects, the content the site serves for each now; None or left out: it serves nothing.
Witness = Callable[[Session, Sequence[str]], Mapping[str, Mapping[str, Any] | None]]
Progress = Callable[[int, int], None]

_witnesses: Mapping[str, Witness] = {}


def call_witnesses(witnesses: Mapping[str, Witness]) -> None:
    """Take the table of who can say what is served (app.py holds it): event prefix to witness."""
    global _witnesses
    _witnesses = witnesses


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is not as the log says; `index` is the leaf it shows at."""

    index: int
    check: str
    detail: str
    subject: str = ""


@dataclass
class Report:
    """What an audit saw. Fine when nothing was found."""

    size: int
    root: bytes
    findings: list[Finding] = field(default_factory=list)
    checkpoints: int = 0
    served: int = 0  # subjects served exactly as logged
    withdrawn: int = 0
    unwitnessed: int = 0  # leaves that no room vouches for

    @property
    def fine(self) -> bool:
        return not self.findings

    @property
    def first(self) -> Finding | None:
        """The finding at the lowest leaf."""
        return min(self.findings, default=None)

    def found(self, index: int, check: str, detail: str, subject: str = "") -> None:
        self.findings.append(Finding(index, check, detail, subject))


@dataclass(frozen=True)
class Said:
    """The last word of the log on a subject."""

    index: int
    event: str
    commitment: bytes


Latest = dict[str, dict[str, Said]]


def verify(
    session: Session,
    *,
    witnesses: Mapping[str, Witness] | None = None,
    remembered: Mapping[int, bytes] | None = None,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Audit the log up to its head as it stands now; reads everything, changes nothing.

    `remembered` are roots kept elsewhere, by size. `progress(done, total)` counts leaves.
    """
    witnesses = _witnesses if witnesses is None else witnesses
    head = queries.head(session)
    report = Report(head.size, head.root)
    written = _written_roots(session, remembered or {}, report)
    latest: Latest = {prefix: {} for prefix in witnesses}
    root = _walk(session, report, written, latest, progress)
    if root != head.root:
        report.found(head.size, "head", "the root in the head does not follow from the leaves")
    _count_nodes(session, report)
    _count_leaves(session, report)
    for prefix, subjects in latest.items():
        _reconcile(session, report, witnesses[prefix], subjects)
    return report


def audit(session: Session) -> list[Finding]:
    """What is wrong with the log and with what the site serves; empty when nothing is."""
    return verify(session).findings


def _walk(
    session: Session,
    report: Report,
    written: Mapping[int, Collection[bytes]],
    latest: Latest,
    progress: Progress,
) -> bytes:
    """Recompute everything from the leaves, in order; the root they lead to."""
    frontier, expected = Frontier(), 0
    for leaves in _batches(session, report.size):
        grown: list[Grown] = []
        for leaf in leaves:
            _check_leaf(leaf, expected, report)
            expected = leaf.index + 1
            grown.extend(frontier.push(leaf_hash(leaf.data)))
            if any(root != frontier.root for root in written.get(frontier.size, ())):
                report.found(leaf.index, "checkpoint", "the root written down here was another")
            _listen(leaf, latest, report)
        _check_nodes(session, grown, report)
        progress(expected, report.size)
    if expected != report.size:
        report.found(expected, "gap", f"the head counts {report.size} leaves; they end here")
    return frontier.root


def _check_leaf(leaf: Leaf, expected: int, report: Report) -> None:
    if leaf.index != expected:
        report.found(expected, "gap", f"leaf {expected} is missing; {leaf.index} follows")
    if leaf_hash(leaf.data) != leaf.hash:
        report.found(leaf.index, "leaf", "what the leaf says does not hash to its stored hash")


def _listen(leaf: Leaf, latest: Latest, report: Report) -> None:
    """Remember the last word on the leaf's subject, for the witness with the longest prefix."""
    prefix = _prefix(leaf.event, latest)
    if prefix is None:
        report.unwitnessed += 1
    else:
        latest[prefix][leaf.subject] = Said(leaf.index, leaf.event, leaf.commitment)


def _check_nodes(session: Session, grown: Sequence[Grown], report: Report) -> None:
    stored = _stored_nodes(session, grown)
    for level, position, hashed in grown:
        if stored.get((level, position)) != hashed:
            end = (position + 1) << level
            what = "is missing" if (level, position) not in stored else "is another"
            report.found(
                end - 1,
                "node",
                f"the stored hash of leaves {end - (1 << level)} to {end - 1} {what}",
            )


def _stored_nodes(session: Session, grown: Sequence[Grown]) -> dict[tuple[int, int], bytes]:
    """The stored hashes of the nodes in `grown`; per level they are neighbours."""
    by_level: dict[int, list[int]] = {}
    for node in grown:
        by_level.setdefault(node.level, []).append(node.position)
    if not by_level:
        return {}
    ranges = [
        and_(LogNode.level == level, LogNode.position.between(positions[0], positions[-1]))
        for level, positions in by_level.items()
    ]
    query = select(LogNode.level, LogNode.position, LogNode.hash).where(or_(*ranges))
    return {(level, position): hashed for level, position, hashed in session.execute(query)}


def _count_nodes(session: Session, report: Report) -> None:
    """n leaves complete n - popcount(n) subtrees; more of them belong to leaves taken away."""
    stored = session.scalar(select(func.count()).select_from(LogNode)) or 0
    expected = report.size - report.size.bit_count()
    if stored > expected:
        report.found(
            report.size, "node", f"{stored - expected} hashes belong to leaves that are not there"
        )


def _count_leaves(session: Session, report: Report) -> None:
    beyond = session.scalar(select(func.count()).where(Leaf.index >= report.size)) or 0
    if beyond:
        report.found(report.size, "head", f"{beyond} leaves lie beyond the head")


def _written_roots(
    session: Session, remembered: Mapping[int, bytes], report: Report
) -> dict[int, list[bytes]]:
    """Every root that was ever written down, by size; those beyond the head are findings."""
    written: dict[int, list[bytes]] = {}
    stored = [
        (size, root) for size, root in session.execute(select(Checkpoint.size, Checkpoint.root))
    ]
    for size, root in [*stored, *remembered.items()]:
        report.checkpoints += 1
        if size > report.size:
            report.found(report.size, "checkpoint", f"a root was written down for {size} leaves")
        written.setdefault(size, []).append(root)
    return written


def _reconcile(
    session: Session, report: Report, witness: Witness, latest: Mapping[str, Said]
) -> None:
    """Hold what a room serves against the last word of the log on each of its subjects."""
    for subjects in _chunks(list(latest), ASKED_AT_ONCE):
        served = witness(session, subjects)
        salts = queries.salts(session, [latest[subject].index for subject in subjects])
        for subject in subjects:
            said = latest[subject]
            _compare(report, subject, said, served.get(subject), salts.get(said.index))


def _compare(
    report: Report,
    subject: str,
    said: Said,
    served: Mapping[str, Any] | None,
    salt: bytes | None,
) -> None:
    state = _state(said, served, salt)
    if state == "served":
        report.served += 1
    elif state == "withdrawn":
        report.withdrawn += 1
    else:
        report.found(said.index, *WRONG[state], subject)


def _state(said: Said, served: Mapping[str, Any] | None, salt: bytes | None) -> str:
    if said.event.endswith(WITHDRAWALS):
        return "withdrawn" if served is None else "undead"
    if served is None:
        return "missing"
    if salt is None:
        return "forgotten"
    return "served" if commitment(salt, served) == said.commitment else "differs"


def state_of(session: Session, leaf: Leaf) -> str:
    """How the site stands to one leaf now.

    `served`, `withdrawn`, `superseded` (a newer leaf tells of the same subject), `unwitnessed`, or
    what `verify` would find: `missing`, `differs`, `forgotten` (no salt), `undead` (withdrawn and
    still served).
    """
    prefix = _prefix(leaf.event, _witnesses)
    if prefix is None:
        return "unwitnessed"
    later = queries.newest(session, subject=leaf.subject, limit=50)
    if any(each.index > leaf.index and _prefix(each.event, _witnesses) == prefix for each in later):
        return "superseded"
    served = _witnesses[prefix](session, [leaf.subject]).get(leaf.subject)
    salt = queries.salts(session, [leaf.index]).get(leaf.index)
    return _state(Said(leaf.index, leaf.event, leaf.commitment), served, salt)


def _prefix(event: str, prefixes: Collection[str]) -> str | None:
    """The longest of `prefixes` that `event` begins with."""
    return max((each for each in prefixes if event.startswith(each)), key=len, default=None)


def _batches(session: Session, size: int) -> Iterator[list[Leaf]]:
    start = 0
    while start < size:
        leaves = queries.oldest(session, start=start, limit=min(BATCH, size - start))
        leaves = [leaf for leaf in leaves if leaf.index < size]
        if not leaves:
            return
        yield leaves
        start = leaves[-1].index + 1
        session.expunge_all()  # a long log must not be held in memory


def _chunks(subjects: list[str], size: int) -> Iterable[list[str]]:
    return (subjects[start : start + size] for start in range(0, len(subjects), size))
