"""The demo's book, as a bookkeeper gets it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from beancount import loader
from beancount.ops import validation
from click.testing import CliRunner

import app as application
from foundation import quick
from foundation.doors import database, reading
from foundation.settings import Settings
from ledger import journal
from ledger.export_command import export
from ledger.journal import Period


@pytest.fixture
def merchant(demo_file: Path, tmp_path: Path) -> Iterator[None]:
    """Eight months of the tea merchant."""
    settings = Settings(data=tmp_path, secret_key="x" * 40)
    shutil.copy(demo_file, tmp_path / "bellmouth.sqlite3")
    application.wire(settings)
    yield
    quick.close()
    database().close()


def test_bean_check_accepts_it_and_catches_a_changed_amount(merchant: None, tmp_path: Path) -> None:
    file = tmp_path / "journal.beancount"
    done = CliRunner().invoke(export, [str(file)])
    assert done.exit_code == 0, done.output
    entries, errors, _ = loader.load_file(
        str(file), extra_validations=validation.HARDCORE_VALIDATIONS
    )
    assert errors == []
    with reading() as session:
        transfers = journal.size(session, Period())
    assert sum(type(each).__name__ == "Transaction" for each in entries) == transfers > 100
    text = file.read_text()
    line = re.search(r"^  Expenses:Programme:Issued:POINTS  (\d+) POINTS$", text, re.M)
    assert line
    more = f"  Expenses:Programme:Issued:POINTS  {int(line[1]) + 1} POINTS"
    assert loader.load_string(text.replace(line[0], more, 1))[1] != []
