"""The log's pages, for people and for programs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from foundation.doors import reading, writing
from tests.transparency.conftest import review
from transparency import erasing, log, queries, receipts, verifying
from transparency.jobs import write_checkpoint
from transparency.proofs import is_consistent, is_included
from transparency.views import lead_to


def hashes(texts):
    return [bytes.fromhex(each) for each in texts]


def test_it_works(client, published, now):
    published(3)
    write_checkpoint(now)
    page = client.get("/transparency").text
    with reading() as session:
        assert queries.head(session).root.hex() in page
    assert "Review published" in page
    assert 'href="/transparency/leaves/2"' in page


def test_an_empty_log_is_explained(client):
    page = client.get("/transparency")
    assert page.status_code == 200
    assert "The log is empty" in page.text
    assert client.get("/transparency/head.json").json["tree_size"] == 0
    assert client.get("/transparency/leaves.json").json == {"leaves": [], "next": None}


def test_leaves_are_paged_by_key(client, published):
    published(45)
    first = client.get("/transparency").text
    assert "/leaves/44" in first
    assert "/leaves/24" not in first
    second = client.get("/transparency?page=a25").text
    assert "/leaves/24" in second
    assert '/leaves/4"' not in second
    assert client.get("/transparency?page=a" + "9" * 40).status_code == 200
    assert client.get("/transparency?page=nonsense").status_code == 200


def test_a_subject_is_found(client, published):
    published(30)
    page = client.get("/transparency?subject=review:3").text
    assert '/leaves/3"' in page
    assert "/leaves/29" not in page
    assert "says nothing about this" in client.get("/transparency?subject=<b>").text


def test_a_number_leads_to_its_leaf(client, published):
    published(3)
    answer = client.get("/transparency?subject= 2 ")
    assert answer.status_code == 303
    assert answer.location.endswith("/transparency/leaves/2")
    assert client.get("/transparency?subject=" + "9" * 99, follow_redirects=True).status_code == 404


def test_a_leaf_shows_the_way_to_the_root(client, published):
    published(7)
    page = client.get("/transparency/leaves/4").text
    receipt = client.get("/transparency/leaves/4/receipt.json").json
    assert receipt["root"] in page
    assert receipt["leaf_hash"] in page
    for each in receipt["inclusion_proof"]:
        assert each in page
    assert "<svg" in page
    assert "leaves 0 to 3" in page


def test_the_only_leaf_is_its_own_root(client, published):
    published(1)
    page = client.get("/transparency/leaves/0")
    assert page.status_code == 200
    assert "its hash is the root" in page.text


def test_a_leaf_leads_to_what_it_tells_of(client, published):
    published(1)
    lead_to({"review": "/reviews/{}"})
    assert 'href="/reviews/0"' in client.get("/transparency/leaves/0").text
    lead_to({})
    assert 'href="/reviews/0"' not in client.get("/transparency/leaves/0").text


def test_a_leaf_says_how_the_site_stands_to_it(client, published, served):
    published(2)
    verifying.call_witnesses({"review.": served})
    served.changed["review:1"] = review("polished")
    assert "Served as logged" in client.get("/transparency/leaves/0").text
    assert "another text than was logged" in client.get("/transparency/leaves/1").text
    served.changed["review:1"] = review("Cup 1")


def test_an_event_nobody_named_is_shown_by_its_code(client, now):
    with writing() as session:
        log.append(session, event="tea.poured", subject="<tea>", content={}, now=now)
    page = client.get("/transparency/leaves/0").text
    assert "tea.poured" in page
    assert "<tea>" not in page


@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_pages_speak_each_language(client, published, language):
    published(3)
    header = {"Accept-Language": language.replace("_", "-")}
    assert client.get("/transparency", headers=header).status_code == 200
    assert client.get("/transparency/leaves/1", headers=header).status_code == 200


def test_programs_get_every_leaf_and_can_rebuild_the_root(client, published, monkeypatch):
    monkeypatch.setattr("transparency.views.LEAVES_AT_ONCE", 4)
    published(10)
    address, told = "/transparency/leaves.json", []
    while address:
        answer = client.get(address).json
        told.extend(answer["leaves"])
        address = answer["next"]
    assert [each["leaf_index"] for each in told] == list(range(10))
    proof = client.get("/transparency/proof.json?leaf=9").json
    assert told[9]["leaf_hash"] == proof["leaf_hash"]
    assert client.get("/transparency/leaves.json?from=999").json["leaves"] == []


def test_programs_get_proofs_that_hold(client, published):
    published(11)
    told = client.get("/transparency/proof.json?leaf=3&size=7").json
    leaf, root = bytes.fromhex(told["leaf_hash"]), bytes.fromhex(told["root"])
    assert is_included(3, 7, leaf, hashes(told["inclusion_proof"]), root)
    told = client.get("/transparency/consistency.json?first=7").json
    assert told["first_root"] == root.hex()
    assert told["second"] == 11
    assert told["second_root"] == client.get("/transparency/head.json").json["root"]
    path = hashes(told["consistency_proof"])
    assert is_consistent(7, 11, root, bytes.fromhex(told["second_root"]), path)


@pytest.mark.parametrize(
    ("address", "status", "code", "field"),
    [
        ("proof.json", 400, "not_a_number", "leaf"),
        ("proof.json?leaf=x", 400, "not_a_number", "leaf"),
        ("proof.json?leaf=-1", 400, "not_a_number", "leaf"),
        ("proof.json?leaf=%C2%B2", 400, "not_a_number", "leaf"),
        ("proof.json?leaf=" + "9" * 30, 400, "not_a_number", "leaf"),
        ("proof.json?leaf=" + "9" * 5000, 400, "not_a_number", "leaf"),
        ("proof.json?leaf=1&size=99", 422, "size_beyond_log", "size"),
        ("proof.json?leaf=2&size=2", 422, "leaf_beyond_size", "leaf"),
        ("consistency.json?first=0", 422, "sizes_out_of_order", "first"),
        ("consistency.json?first=3&second=2", 422, "sizes_out_of_order", "first"),
        ("consistency.json?first=1&second=99", 422, "size_beyond_log", "size"),
        ("leaves.json?from=first", 400, "not_a_number", "from"),
        ("leaves/99/receipt.json", 404, "no_such_leaf", "leaf"),
        ("leaves/" + "9" * 40 + "/receipt.json", 404, "no_such_leaf", "leaf"),
    ],
)
def test_bad_parameters_are_answered_with_a_problem_document(
    client, published, address, status, code, field
):
    published(3)
    answer = client.get(f"/transparency/{address}")
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == f"urn:bellmouth:{code}"
    assert answer.json["field"] == field
    assert answer.json["title"].endswith(".")


def test_a_leaf_that_is_not_there_says_how_many_there_are(client, published):
    published(3)
    answer = client.get("/transparency/leaves/3")
    assert answer.status_code == 404
    assert "3 leaves" in answer.text


# Receipts.


def receipt_of(client, index):
    return client.get(f"/transparency/leaves/{index}/receipt.json").json


def test_a_receipt_holds_and_opens_the_text(client, published):
    published(9)
    receipt = receipt_of(client, 4)
    assert receipts.holds(receipt)
    assert receipts.holds(receipt, review("Cup 4"))
    assert not receipts.holds(receipt, review("Cup 5"))


def test_a_receipt_from_the_transaction_that_published_holds(database, now):
    with writing() as session:
        leaf = log.append(
            session, event="review.published", subject="review:1", content=review(), now=now
        )
        receipt = json.loads(json.dumps(receipts.receipt(session, leaf)))
    assert receipts.holds(receipt, review())
    assert receipt["tree_size"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"leaf_index": 3},
        {"tree_size": 8},
        {"root": "00" * 32},
        {"leaf_hash": "00" * 32},
        {"inclusion_proof": []},
        {"inclusion_proof": "no list"},
        {"leaf": {"event": "review.withdrawn"}},
        {"leaf": None},
        {"root": "not hex"},
    ],
)
def test_a_changed_receipt_does_not_hold(client, published, change):
    published(9)
    assert not receipts.holds({**receipt_of(client, 4), **change}, review("Cup 4"))


def test_after_erasing_the_receipt_still_places_the_leaf_and_opens_nothing(client, published):
    published(9)
    kept = receipt_of(client, 4)
    with writing() as session:
        erasing.forget(session, "review:4")
    after = receipt_of(client, 4)
    assert after["salt"] is None
    assert receipts.holds(after)
    assert not receipts.holds(after, review("Cup 4"))
    assert receipts.holds(kept, review("Cup 4"))  # what its author kept is the author's
    assert "Erased together with the text" in client.get("/transparency/leaves/4").text


def run_recipe(client, tmp_path, receipt, content):
    (tmp_path / "receipt.json").write_text(json.dumps(receipt), "utf-8")
    (tmp_path / "content.json").write_text(json.dumps(content), "utf-8")
    program: Path = tmp_path / "check_receipt.py"
    program.write_text(client.get("/transparency/check_receipt.py").text, "utf-8")
    command = [sys.executable, program, "receipt.json", "content.json"]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode


def test_the_program_people_are_told_to_run_works(client, published, tmp_path):
    published(13)
    for index in (0, 4, 12):
        receipt, content = receipt_of(client, index), review(f"Cup {index}")
        assert run_recipe(client, tmp_path, receipt, content) == 0
    assert run_recipe(client, tmp_path, receipt, review("Cup 1")) == 1
    assert run_recipe(client, tmp_path, {**receipt, "root": "00" * 32}, content) == 1
