"""Files to begin with: filled in and sent, they import."""

import pytest

from consign import assert_all_applied, assert_problem, fresh
from tables import read_csv, read_xlsx, write_csv, write_openpyxl

READERS = {"csv": (read_csv, write_csv), "xlsx": (lambda content: read_xlsx(content)[0], write_openpyxl)}
PATHS = {"products": "/api/b2b/pim/import/template", "customers": "/api/b2b/customers/import/template"}


def columns_of(client, entity):
    return {column["name"]: column["wanted"] for column in client.read(PATHS[entity], format="json")["columns"]}


@pytest.mark.parametrize("extension", READERS)
def test_a_template_of_products_can_be_filled_and_sent(acme, extension):
    read, write = READERS[extension]
    response = acme.get(PATHS["products"], format=extension)
    assert response.status_code == 200
    assert response.headers["content-disposition"].endswith(f"template.{extension}")
    header, = read(response.content)
    code = fresh("P")
    values = {"entity_code": code, "name.it": "Valvola", "name.de": "Ventil", "price": 12.5, "images.0.url": "https://x.example/1.jpg"}
    assert set(values) <= set(header)
    assert_all_applied(acme.import_file(f"template.{extension}", write([header, [values.get(name) for name in header]])), 1)
    product = acme.product(code)
    assert (product["name"], product["price"]) == ({"it": "Valvola", "de": "Ventil"}, 12.5)
    assert product["images"][0]["url"] == "https://x.example/1.jpg"


def test_a_template_of_companies_can_be_filled_and_sent(acme):
    header, = read_csv(acme.get(PATHS["customers"]).content)
    code = fresh("C")
    values = {"external_code": code, "company_name": "ACME", "addresses.0.street_address": "Via Roma 1",
              "addresses.0.city": "Roma", "addresses.0.province": "RM"}
    assert set(values) <= set(header)
    job = acme.import_file("template.csv", write_csv([header, [values.get(name) for name in header]]), entity="customers")
    assert_all_applied(job, 1)
    assert acme.company(code)["addresses"][0]["city"] == "Roma"


def test_a_template_has_a_column_for_each_language_of_the_tenant(acme, globex):
    assert {"name.it", "name.en", "name.de", "name.fr"} <= set(columns_of(acme, "products"))
    assert {name for name in columns_of(globex, "products") if name.startswith("name.")} == {"name.en"}


@pytest.mark.parametrize("entity", PATHS)
def test_every_column_of_a_template_is_a_field_that_is_known(acme, entity):
    columns = columns_of(acme, entity)
    assert all(columns.values())
    code = "entity_code" if entity == "products" else "external_code"
    job = acme.import_file("t.csv", write_csv([list(columns), [fresh("T") if name == code else "" for name in columns]]), entity=entity)
    assert_all_applied(job, 1)
    assert job["unknown_fields"] == []


def test_another_format_is_refused(acme, limited):
    assert acme.get(PATHS["products"], format="pdf").status_code == 400
    assert_problem(limited.get(PATHS["products"]), 403, "forbidden")
