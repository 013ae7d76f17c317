"""`Refused`: the one way a rule says no, in a sentence for people and a code for machines."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """Something was asked that a rule does not allow.

    `sentence` is an English message id that says what to do; it is translated where it is shown.
    `params` fill its placeholders. `field` names the form field or column at fault. `status` is
    the HTTP status of the answer (RFC 9457 problem documents carry `code` as their type), `figures`
    what else such a document says, for machines.
    """

    def __init__(
        self,
        sentence: str,
        *,
        code: str = "refused",
        field: str | None = None,
        status: int = 422,
        figures: Mapping[str, object] | None = None,
        **params: object,
    ) -> None:
        super().__init__(sentence % params if params else sentence)
        self.sentence = sentence
        self.code = code
        self.field = field
        self.status = status
        self.figures = figures or {}
        self.params = params
