"""What the site writes to its log: plain lines, from the threshold that the settings name."""

from __future__ import annotations

import logging

import structlog


def keep(level: str) -> None:
    """Log from `level` up (`INFO`, `WARNING` …).

    Tracebacks are plain: the fancy ones print every variable, and with them passwords and people.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
    )
