from __future__ import annotations

import threading

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from werkzeug.serving import make_server

from foundation.doors import reading
from shop import commands
from shop.models import InboundEvent, Order
from tests.shop import files


@pytest.fixture
def run(database, settings, monkeypatch):
    """Run a command of the room on the test's database."""
    monkeypatch.setenv("BELLMOUTH_DATA", str(settings.data))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(
        commands.imports if words[0] == "import" else commands.hooks, list(words[1:])
    )


def count(model):
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_an_import_sums_up_and_ends_well(run, tmp_path):
    rejects = str(tmp_path / "rejects.csv")
    path = files.first_orders(tmp_path, 1_100)
    result = run("import", "orders", str(path), "--rejects", rejects)
    assert result.exit_code == 0, result.output
    assert "1,100" in result.output
    assert not (tmp_path / "rejects.csv").exists()
    assert count(Order) == 1_100


def test_rejected_orders_make_it_end_with_one(run, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("Nr,email,date,amount\n1,a@example.com,2024-01-01,x\n")
    result = run("import", "orders", str(path), "--map", "order_id=Nr")
    assert result.exit_code == 1
    assert "Row 2, column “amount”" in result.output
    assert "is not an amount" in (tmp_path / "orders.rejects.csv").read_text(encoding="utf-8-sig")


def test_a_file_that_cannot_be_read_is_a_sentence(run, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("a,b\n1,2\n")
    result = run("import", "orders", str(path))
    assert result.exit_code == 1
    assert "like order_id=a. The file's columns are: a, b. (--map FIELD=COLUMN)" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("option", [["--map", "x"], ["--time-zone", "Mars"]])
def test_an_option_that_cannot_be_read_is_a_sentence(run, option):
    result = run("import", "orders", str(files.CDNOW), *option)
    assert result.exit_code == 2


def test_what_a_file_says_never_steers_the_terminal(run, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("order_id,email,date,amount\n1,a@example.com,2024-01-01,\x1b[2J[red]x\n")
    result = run("import", "orders", str(path))
    assert "\x1b[2J" not in result.output
    assert "[red]x" in result.output


def test_an_example_webhook_is_signed_and_taken(run, app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        early = run("webhooks", "send", "--url", url, "--event", "order.shipped")
        assert "waiting" in early.output
        assert "is not known yet" in run("webhooks", "list").output
        result = run("webhooks", "send", "--url", url, "--email", "ben@example.com")
        assert "200" in result.output, result.output
    finally:
        server.shutdown()
        thread.join()
    assert count(Order) == 1
    assert count(InboundEvent) == 2
    assert "Every webhook has been processed" in run("webhooks", "list").output


def test_nothing_to_replay_is_well(run):
    result = run("webhooks", "replay")
    assert (result.exit_code, result.output) == (0, "0 processed, 0 still waiting.\n")
