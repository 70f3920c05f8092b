"""The search index: batches of 50 that come out whole, and finding what was imported."""

from consign import assert_all_applied, fresh


def rows(count):
    prefix = fresh("P")
    return [{"entity_code": f"{prefix}-{number:04}", "name": f"Valvola {number}"} for number in range(count)]


def find(client, text, **params):
    answer = client.read("/api/b2b/pim/products", q=text, **params)
    return answer["total"], [product["entity_code"] for product in answer["products"]]


def word():
    """A word that no other document has."""
    return "zq" + fresh("w")[2:].translate(str.maketrans("0123456789", "ghijklmnop"))


def test_search_batches_hold_50_codes_each_in_the_order_of_the_rows(acme, feed):
    products = rows(1000)
    job = acme.import_products(products)
    acme.wait_until_searchable(job["job_id"])
    batches = feed.search_batches(job["job_id"])
    assert [len(batch.items) for batch in batches] == [50] * 20
    codes = [code for batch in batches for code, _ in batch.items]
    assert codes == [product["entity_code"] for product in products]
    assert job["search_batches_queued"] == 20


def test_the_last_batch_holds_the_rest_and_failed_rows_are_in_none(acme, feed):
    products = rows(120)
    products[7] = {"name": "no code"}
    products[60]["price"] = "x"
    job = acme.import_products(products)
    assert (job["successful_rows"], job["failed_rows"]) == (118, 2)
    acme.wait_until_searchable(job["job_id"])
    batches = feed.search_batches(job["job_id"])
    assert [len(batch.items) for batch in batches] == [50, 50, 18]
    found = {code for batch in batches for code, _ in batch.items}
    assert found == {product["entity_code"] for number, product in enumerate(products) if number not in (7, 60)}


def test_a_job_says_how_many_of_its_rows_are_searchable(acme, acme_index):
    products = rows(75)
    job = acme.import_products(products)
    job = acme.wait_until_searchable(job["job_id"])
    assert job["indexed_rows"] == 75
    codes = [product["entity_code"] for product in products]
    assert acme_index.versions(codes) == dict.fromkeys(codes, 1)


def test_a_product_is_found_by_its_italian_name_whatever_the_form_of_the_word(acme, acme_index):
    mark, code = word(), fresh("P")
    job = acme.import_products([{"entity_code": code, "name": {"it": f"Valvola a sfera {mark}", "en": "Ball valve"}},
                                {"entity_code": fresh("P"), "name": {"it": f"Pompa {mark}", "en": "Pump"}}])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    assert find(acme, mark)[0] == 2
    assert find(acme, f"valvole {mark}")[1][0] == code
    assert code in find(acme, code)[1]


def test_what_is_found_is_the_current_version_in_full(acme, acme_index):
    old, new, code = word(), word(), fresh("P")
    first = acme.import_products([{"entity_code": code, "name": old, "x_note": "kept"}])
    acme.wait_until_searchable(first["job_id"])
    second = acme.import_products([{"entity_code": code, "name": new}], merge_mode="partial")
    acme.wait_until_searchable(second["job_id"])
    acme_index.refresh()
    assert find(acme, old) == (0, [])
    answer = acme.read("/api/b2b/pim/products", q=new)
    assert (answer["total"], answer["products"]) == (1, [acme.product(code)])


def test_hits_are_paged_and_counted(acme, acme_index):
    mark = word()
    job = acme.import_products([{**row, "description": mark} for row in rows(30)])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    total, first = find(acme, mark, limit=20)
    assert (total, len(first)) == (30, 20)
    total, second = find(acme, mark, limit=20, offset=20)
    assert (total, len(second)) == (30, 10)
    assert len(set(first + second)) == 30


def test_no_tenant_finds_anothers_products(acme, globex, acme_index):
    mark = word()
    job = acme.import_products([{"entity_code": fresh("P"), "name": mark}])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    assert find(acme, mark)[0] == 1
    assert find(globex, mark) == (0, [])


def test_a_tenant_without_search_sends_nothing_to_the_index(globex, feed, globex_index):
    products = rows(60)
    job = globex.import_products(products)
    assert_all_applied(job, 60)
    assert job["search_batches_queued"] == 0
    assert feed.search_batches(job["job_id"]) == []
    assert globex_index.versions([product["entity_code"] for product in products]) == {}


def test_nonsense_in_a_query_is_text_and_nothing_else(acme):
    for text in ('"', "name:*", "*) OR (*", "{", "a AND", "\\", "it's", "%00", "<script>"):
        response = acme.get("/api/b2b/pim/products", q=text)
        assert response.status_code == 200, f"{text}: {response.text[:300]}"


# ---- synonyms ----

def insert_dictionary(database, tenant, terms):
    """A dictionary as an import stores it; gives back its key."""
    key = fresh("d").lower()
    database.synonym_dictionaries.insert_one({
        "_id": f"{tenant}|{key}", "isCurrent": True, "tenant": tenant, "version": 1, "key": key, "language": "it", "terms": terms,
        "lookup": [f"{tenant}|{term.lower()}" for term in terms]})
    return key


def test_a_product_is_found_by_a_synonym_as_soon_as_its_dictionary_is_there(acme, database, acme_index):
    mark, code = word(), fresh("P")
    key = insert_dictionary(database, "acme", [])
    job = acme.import_products([{"entity_code": code, "name": {"it": "Valvola"}, "synonym_keys": [key]}])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    assert find(acme, mark) == (0, [])
    database.synonym_dictionaries.update_one({"_id": f"acme|{key}"}, {"$set": {
        "terms": [f"{mark}x", mark], "lookup": [f"acme|{mark}x", f"acme|{mark}"]}})
    assert find(acme, mark.capitalize()) == (1, [code])


def test_an_imported_dictionary_widens_the_search_without_indexing_again(acme, acme_index):
    mark, code, key = word(), fresh("P"), fresh("plumbing_valve_core").lower()
    job = acme.import_products([{"entity_code": code, "name": {"it": "Valvola"}, "synonym_keys": [key]}])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    dictionary = {"key": key, "language": "it", "terms": ["saracinesca", f"Saracìnesca  {mark}"]}
    acme.import_entity("synonym-dictionaries", fresh("D"), dictionary)
    assert find(acme, f"una SARACINESCA {mark}, grazie") == (1, [code])


def test_a_synonym_of_several_words_is_found_within_a_longer_query(acme, database, acme_index):
    mark, code = word(), fresh("P")
    key = insert_dictionary(database, "acme", [f"presa {mark} a muro"])
    job = acme.import_products([{"entity_code": code, "name": {"it": "Valvola"}, "synonym_keys": [key]}])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    assert find(acme, f"cerco presa {mark.upper()} a muro, ottone") == (1, [code])
    assert find(acme, f"presa {mark}") == (0, [])


def test_products_that_hold_the_words_come_before_those_found_by_a_synonym(acme, database, acme_index):
    mark, synonym, direct = word(), fresh("A"), fresh("Z")
    key = insert_dictionary(database, "acme", [mark])
    job = acme.import_products([{"entity_code": synonym, "name": {"it": "Valvola"}, "synonym_keys": [key]},
                                {"entity_code": direct, "description": {"it": f"Tubo lungo con {mark} in fondo"}}])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    assert find(acme, mark) == (2, [direct, synonym])


def test_another_tenants_dictionary_widens_nothing(acme, database, acme_index):
    mark, code = word(), fresh("P")
    key = insert_dictionary(database, "globex", [mark])
    job = acme.import_products([{"entity_code": code, "name": {"it": "Valvola"}, "synonym_keys": [key]}])
    acme.wait_until_searchable(job["job_id"])
    acme_index.refresh()
    assert find(acme, mark) == (0, [])
