"""Random rows, sources and locks. Few different values, so that rows often meet what is stored already."""

MULTILINGUAL = ["name", "description", "slug", "meta_title"]
LOCKS = ["promotions", "promo_code", "has_active_promo", "is_parent", "name", "name.it", "price", "pricing", "pricing.list", "pricing.vat.rate", "images", "media", "brand", "brand.label",
         "unit", "description", "parent_sku", "erp.deep.er", "auto_publish_enabled", "required_fields", "weight"]
REQUIRED = ["name", "name.it", "price", "pricing.list", "images", "ean", "brand.label", "not_visible"]
MAPPINGS = [
    ({"Codice": "entity_code"}, {}),
    ({"Prezzo": "pricing.list"}, {"Prezzo": [1, 2.5, None, "x"]}),
    ([{"source_field": "Prezzo", "target_field": "pricing.list", "transform": "number"}],
     {"Prezzo": ["12,5", "1.234,56", "7", "-0,5", "gratis", 3, None]}),
    ([{"source_field": "Nome", "target_field": "name.it", "transform": "trim"}], {"Nome": [" Valvola ", "Tubo", None, 5]}),
    ([{"source_field": "EAN", "target_field": "ean", "transform": "split:;"}], {"EAN": ["1;2", "3", ""]}),
    ([{"source_field": "Attivo", "target_field": "erp.active", "transform": "boolean"}],
     {"Attivo": ["si", "NO", "true", "0", "forse"]}),
    ([{"source_field": "UM", "target_field": "unit", "transform": "lower"}], {"UM": ["KG", "pcs"]}),
]
WRONG = {"price": ["12,5", True], "name": [5, {"it": 5}, {"label": "x"}, ["x"]], "pricing": [{"list": "9.80"}, 7, []],
         "images": [{"url": "x"}, [{"url": "a"}, "b"], [{"position": "1"}]], "ean": ["1", [1], ["1", 2]],
         "not_visible": ["no", 0], "stock_status": ["maybe", 1], "product_kind": ["virtual"], "unit": [1],
         "brand": [7, ["acme"]], "collections": [[7], "pro"], "item_creation_date": ["yesterday", 5], "channels": ["b2b"],
         "required_fields": ["name", [1]], "promotions": [{}, [{"is_active": "yes"}], [{"end_date": "soon"}]], "media": ["x", [{"type": 1}]], "auto_publish_enabled": ["yes"]}
WRONG_COMPANY = {"customer_type": ["partner", 3], "tags": ["vip", [1]], "email": [1], "company_name": [{}],
                 "legal_info": ["x", {"vat_number": "IT123"}, {"fiscal_code": "X"}, {"pec_email": "nobody"},
                                {"sdi_code": "A-B"}, {"vat_number": 7, "sdi_code": "A"}],
                 "addresses": [{}, [{"city": 7}], [{"address_type": "home"}], [{"is_default": "yes"}], ["x"]]}


def some(random, pool, chance):
    """Some members of a pool of makers, each made with this chance."""
    return {name: make(random) for name, make in pool.items() if random.random() < chance}


def choice_of(*values):
    return lambda random: random.choice(values)


def texts(random):
    """A multilingual field: plain, keyed by language, or empty in some way."""
    word = random.choice(["Valvola", "Tubo", "Gomito è", ""])
    keyed = {code: f"{word} {code}" for code in random.sample(["it", "en", "de", "fr"], random.randint(1, 3))}
    return random.choice([word, keyed, keyed, None, {"it": ""}])


def images(random):
    return random.choice([[], None, [{"url": f"i{n}", "position": n} for n in range(random.randint(1, 3))]])


def media(random):
    items = [{**random.choice([{"type": "document"}, {"type": "video"}, {"type": "image"}, {}]), "url": f"m{random.randint(1, 9)}",
              "position": n} for n in range(random.randint(0, 4))]
    return random.choice([items, items, items, None])


def promotions(random):
    made = [{"promo_code": f"P{random.randint(1, 4)}", "promo_type": random.choice(["STD", "EXTRA"]),
             **random.choice([{}, {"is_active": False}, {"is_active": True}, {"promo_type": None}])}
            for _ in range(random.randint(0, 3))]
    return random.choice([made, made, None])


def packagings(random):
    made = [{"pkg_id": str(number), "code": f"K{number}", **random.choice([{}, {"promotions": promotions(random)}])}
            for number in range(random.randint(0, 2))]
    return random.choice([made, made, None])


PRODUCT_FIELDS = {
    **dict.fromkeys(MULTILINGUAL, texts),
    "price": choice_of(0, 1, 1.0, 12.5, 9007199254740993, None),
    "weight": choice_of(0.23, 2, None),
    "pricing": choice_of(None, {}, {"list": 9.8}, {"sale": 8, "list": None}, {"vat": {"rate": 22}}, {"vat": {"included": True}},
                         {"list": 10, "currency": "EUR", "vat": {"rate": 10}}, {"vat": None}),
    "images": images,
    "media": media,
    "ean": choice_of([], ["1"], ["1", "2"], None),
    "brand": choice_of("acme", "", {"brand_id": "b", "label": "Acme"}, {"label": "Beta"}, None),
    "category": choice_of("valves", {"category_id": "c", "name": {"en": "Valves"}}, None),
    "product_type": choice_of("ball", {"product_type_id": "t"}),
    "collections": choice_of(["pro", {"collection_id": "c"}], []),
    "channels": choice_of(["b2b"], ["default", "b2c"], None),
    "unit": choice_of("pcs", "kg", None),
    "not_visible": choice_of(True, False),
    "attributes": choice_of({"en": [{"key": "color", "value": "red"}]}, {"it": [{"key": "colore", "value": "rosso"}]}, None),
    "promotions": promotions,
    "packaging_options": packagings,
    "promo_code": choice_of(["MINE"], [], None),
    "has_active_promo": choice_of(True, None),
    "parent_sku": choice_of("PARENT", None),
    "parent_entity_code": choice_of("PARENT", None),
    "is_parent": choice_of(True, False),
    "stock_status": choice_of("in_stock", "pre_order"),
    "item_creation_date": choice_of("2024-03-15T00:00:00.000Z"),
    "auto_publish_enabled": choice_of(True, False, None),
    "min_score_threshold": choice_of(0, 40, 90, None),
    "required_fields": lambda random: random.choice([[], None, random.sample(REQUIRED, 2)]),
    "erp": choice_of({"deep": {"er": 1}}, {"deep": {"er": 2, "x": [1, None]}}, {"deep": None}, {"flat": True}, None, 7),
    "note": choice_of("x", "y", 1, 1.0, True, [1, {"a": 1}], [1.0, {"a": 1}], {}),
    "version": choice_of(99),
    "status": choice_of("published", "draft"),
    "locked_fields": choice_of(["price"]),
}


def source(random):
    """(settings of a source, {source field: values} of its mappings)"""
    chosen = random.choice([*MAPPINGS, ({}, {}), ({}, {})])
    settings = {"field_mappings": chosen[0]} if chosen[0] else {}
    for name, value in (("auto_publish_enabled", random.choice([True, True, False])),
                        ("min_score_threshold", random.choice([20, 40, 80])),
                        ("required_fields", random.sample(REQUIRED, 1)), ("unchanged", "skip"),
                        ("locked_fields", random.sample(LOCKS, random.randint(1, 4)))):
        if random.random() < 0.5:
            settings[name] = value
    return settings, chosen[1]


def locks(random):
    return random.sample(LOCKS, random.randint(0, 4))


def product(random, code, mappings, mapped_values):
    row = {"entity_code": code, **some(random, PRODUCT_FIELDS, random.choice([0.05, 0.3, 0.7]))}
    if random.random() < 0.2:
        row["sku"] = random.choice([code, f"{code}-sku", None])
    if random.random() < 0.12:
        name = random.choice(sorted(WRONG))
        row[name] = random.choice(WRONG[name])
    for name, values in mapped_values.items():
        if random.random() < 0.7:
            row[name] = random.choice(values)
    items = list(row.items())
    random.shuffle(items)
    row = dict(items)
    if mappings == {"Codice": "entity_code"} and random.random() < 0.8:
        row["Codice"] = row.pop("entity_code")
    elif random.random() < 0.1:
        row["sku"] = row.pop("entity_code")
    return row


# ---- companies ----

def address(random):
    code = random.choice(["000000", "000001", "000002", None])
    fields = some(random, {
        "street_address": choice_of("Via Roma 10", "Via Po 1", ""), "city": choice_of("Napoli", "Roma", None),
        "province": choice_of("NA", "RM")}, random.choice([0.3, 1]))
    fields |= some(random, {
        "label": choice_of("HQ", "Magazzino", None), "address_type": choice_of("delivery", "billing", "both"),
        "postal_code": choice_of("80100", ""), "country": choice_of("IT", "SM", "DE"), "is_default": choice_of(True, False),
        "tag_overrides": choice_of(["x"], ["x", "y"], []), "phone": choice_of("1", "2"),
        "erp": choice_of({"a": 1}, {"b": {"c": 2}}, 5)}, 0.3)
    return fields if code is None else {"external_code": code, **fields}


def addresses(random):
    """Each external_code at most once."""
    made = [address(random) for _ in range(random.randint(0, 4))]
    return [item for at, item in enumerate(made)
            if "external_code" not in item or item["external_code"] not in [other.get("external_code") for other in made[:at]]]


COMPANY_FIELDS = {
    "company_name": choice_of("ACME S.R.L.", "Beta", None),
    "email": choice_of("old@acme.it", "info@acme.it", None),
    "phone": choice_of("1", "2", ""),
    "customer_type": choice_of("business", "private", "reseller", None),
    "channel": choice_of("own", "vinc-b2b"),
    "tags": choice_of(["a"], ["b", "a"], ["c"], [], None),
    "legal_info": choice_of({"vat_number": "it 012.345.678 90"}, {"vat_number": "01234567890", "sdi_code": "abcdefg"},
                            {"fiscal_code": "rssmra80a01f839x"}, {"pec_email": "Acme@pec.it"}, {"vat_number": "DE136695976"},
                            {"sdi_code": None}, {"note": "kept"}, {}, None),
    "addresses": addresses,
    "public_code": choice_of(None),
    "erp": choice_of({"agent": "Rossi"}, {"discounts": [10, 5.5]}, {"agent": None}, 7),
    "version": choice_of(99),
}


def company(random, code):
    row = {"external_code": code, **some(random, COMPANY_FIELDS, random.choice([0.1, 0.4, 0.8]))}
    if random.random() < 0.12:
        name = random.choice(sorted(WRONG_COMPANY))
        row[name] = random.choice(WRONG_COMPANY[name])
    if random.random() < 0.1:
        row["public_code"] = f"{code}-public"
    return row
