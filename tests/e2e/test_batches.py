"""A batch: a feed in several parts, as one thing with one status and one completion event."""

from concurrent.futures import ThreadPoolExecutor

from consign import assert_all_applied, assert_problem, fresh, part, wait_for

DONE = "import-completed.batches"


def rows(count, prefix=None):
    prefix = prefix or fresh("P")
    return [{"entity_code": f"{prefix}-{number}", "price": number} for number in range(count)]


def send(client, batch_id, number, of, products, items=None):
    return client.send_products(products, batch_metadata=part(batch_id, number, of, items))


def batch_events(acme, feed, batch_id):
    """All events of the batch, after another batch has made its way through the same pipeline."""
    feed.wait(DONE, batch_id)
    later = fresh("later")
    acme.finish(send(acme, later, 1, 1, rows(1)))
    feed.wait(DONE, later)
    return feed.find(DONE, batch_id)


def test_two_parts_sent_at_once_in_the_wrong_order_add_up_to_one_batch_and_one_event(acme, feed):
    batch_id = fresh("batch")
    parts = {2: rows(300), 1: rows(500)}
    with ThreadPoolExecutor(2) as pool:
        responses = list(pool.map(lambda number: send(acme, batch_id, number, 2, parts[number], 800), (2, 1)))
    for response, number in zip(responses, (2, 1)):
        assert_all_applied(acme.finish(response), len(parts[number]))
    batch = acme.wait_for_batch(batch_id)
    expected = {"batch_id": batch_id, "status": "completed", "batch_total_parts": 2, "batch_total_items": 800,
                "parts_seen": [1, 2], "parts_missing": [], "parts_duplicated": [], "rows_total": 800,
                "rows_processed": 800, "rows_successful": 800, "rows_failed": 0}
    assert {field: batch[field] for field in expected} == expected
    assert [(job["batch_part"], job["status"], job["total_rows"]) for job in batch["jobs"]] == [
        (1, "completed", 500), (2, "completed", 300)]
    assert {job["job_id"] for job in batch["jobs"]} == {response.json()["job_id"] for response in responses}
    assert len(batch_events(acme, feed, batch_id)) == 1


def test_a_batch_whose_parts_have_not_all_come_lists_the_missing_ones(acme):
    batch_id = fresh("batch")
    for number in (2, 5):
        acme.finish(send(acme, batch_id, number, 5, rows(2), 10))
    batch = wait_for("both parts are seen", lambda: (found := acme.batch(batch_id))["rows_processed"] == 4 and found)
    assert batch["status"] != "completed"
    assert (batch["parts_seen"], batch["parts_missing"], batch["parts_duplicated"]) == ([2, 5], [1, 3, 4], [])
    assert (batch["rows_total"], batch["batch_total_items"], batch["completed_at"]) == (4, 10, None)
    for number in (1, 3, 4):
        acme.finish(send(acme, batch_id, number, 5, rows(2), 10))
    batch = acme.wait_for_batch(batch_id)
    assert (batch["parts_seen"], batch["parts_missing"], batch["rows_total"]) == ([1, 2, 3, 4, 5], [], 10)


def test_a_part_that_is_sent_twice_is_named_and_counts_once(acme, feed):
    batch_id, first, second = fresh("batch"), rows(10), rows(20)
    acme.finish(send(acme, batch_id, 1, 2, first))
    acme.finish(send(acme, batch_id, 1, 2, [*first, {"name": "no code"}]))
    acme.finish(send(acme, batch_id, 2, 2, second))
    batch = acme.wait_for_batch(batch_id)
    assert (batch["parts_seen"], batch["parts_missing"], batch["parts_duplicated"]) == ([1, 2], [], [1])
    assert (batch["rows_total"], batch["rows_successful"], batch["rows_failed"]) == (31, 30, 1)
    assert len(batch["jobs"]) == 3
    assert len(batch_events(acme, feed, batch_id)) == 1


def test_failed_rows_of_any_part_stand_in_the_totals_of_the_batch(acme):
    batch_id = fresh("batch")
    acme.finish(send(acme, batch_id, 1, 2, [*rows(3), {"name": "no code"}, {"price": 1}]))
    acme.finish(send(acme, batch_id, 2, 2, rows(4)))
    batch = acme.wait_for_batch(batch_id)
    assert (batch["rows_total"], batch["rows_successful"], batch["rows_failed"]) == (9, 7, 2)


def test_companies_come_in_batches_too(acme, feed):
    batch_id = fresh("batch")
    for number in (2, 1):
        companies = [{"external_code": fresh("C")} for _ in range(3)]
        job = acme.import_companies(companies, batch_metadata=part(batch_id, number, 2, 6))
        assert (job["batch_id"], job["batch_part"], job["batch_total_parts"]) == (batch_id, number, 2)
    batch = acme.wait_for_batch(batch_id)
    assert (batch["rows_total"], batch["rows_successful"]) == (6, 6)
    assert len(batch_events(acme, feed, batch_id)) == 1


def test_the_same_batch_id_of_two_tenants_is_two_batches(acme, globex):
    batch_id = fresh("batch")
    acme.finish(send(acme, batch_id, 1, 1, rows(2)))
    globex.finish(send(globex, batch_id, 1, 2, rows(3)))
    assert acme.wait_for_batch(batch_id)["rows_total"] == 2
    batch = globex.batch(batch_id)
    assert (batch["rows_total"], batch["parts_missing"]) == (3, [2])


def test_a_batch_id_with_separators_is_a_name_like_any_other(acme, feed):
    batch_id = f"{fresh('batch')}|a/b c%7C"
    acme.finish(send(acme, batch_id, 1, 1, rows(1)))
    quoted = "".join(f"%{byte:02X}" for byte in batch_id.encode())
    batch = acme.wait_for_batch(quoted)
    assert (batch["batch_id"], batch["rows_total"]) == (batch_id, 1)
    feed.wait(DONE, batch_id)


def test_a_batch_that_was_never_sent_is_404(acme):
    assert_problem(acme.get("/api/b2b/batches/never-sent"), 404, "batch_not_found")
