"""Random imports of any kind end as an independent model of the rules says (tests/e2e/model). CONSIGN_SEED repeats a run."""

import os
import random as randomness
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest

from consign import fresh
from model import company, generate, mapping, product
from model.values import same

SEED = int(os.environ.get("CONSIGN_SEED") or randomness.randrange(1 << 32))
TENANTS = {"acme": {"languages": ["it", "en", "de", "fr"], "default_language": "it", "default_channel": "vinc-b2b"},
           "globex": {"languages": ["en"], "default_language": "en", "default_channel": "default"}}
CODES, ROUNDS, ROWS, SOURCES = 40, 12, 50, 6


@dataclass
class Story:
    """What happened to one code, and the versions it must have."""
    steps: list = field(default_factory=list)
    versions: list = field(default_factory=list)
    last_row: dict | None = None

    @property
    def current(self):
        return self.versions[-1] if self.versions else None

    def tell(self, step, outcome):
        if outcome.result in ("created", "updated"):
            self.versions.append(outcome.document)
        self.steps.append((len(self.versions), f"{step}\n    -> {outcome.result}, {len(self.versions)} versions"))

    def fail(self, what, version=None):
        """With all that happened to the code until this version was made."""
        steps = "\n".join(f"  {step}" for made, step in self.steps if version is None or made <= version)
        pytest.fail(f"{what}\nwhat was sent:\n{steps}\nCONSIGN_SEED={SEED}", pytrace=False)


def differences(stored, expected, path=""):
    """One line for each place where two JSON values are not the same."""
    if isinstance(stored, dict) and isinstance(expected, dict):
        for name in sorted(stored.keys() | expected.keys()):
            yield from differences(stored.get(name, "(absent)"), expected.get(name, "(absent)"), f"{path}/{name}")
    elif not same(stored, expected):
        yield f"{path}: stored {stored!r}, the model says {expected!r}"


def assert_same(story, what, stored, expected, version=None):
    lines = "\n".join(differences(stored, expected))
    if lines:
        story.fail(f"{what}:\n{lines}", version)


def assert_findings(story, at, outcome, job):
    """The job names what the model finds wrong with this row."""
    for kind in ("errors",) if outcome.result == "refused" else ("errors", "warnings"):
        found = sorted((finding["code"], finding["path"]) for finding in job[f"import_{kind}"] if finding["row"] == at)
        expected = sorted(getattr(outcome, kind))
        if found != expected:
            story.fail(f"the {kind} of row {at} of {job['job_id']} are {found}, the model says {expected}")


def assert_counters(outcomes, job):
    results = Counter(outcome.result for outcome in outcomes)
    counted = {"failed_rows": results["refused"], "created_rows": results["created"],
               "unchanged_rows": results["unchanged"], "successful_rows": len(outcomes) - results["refused"],
               "auto_published": sum(outcome.meets_rule for outcome in outcomes)}
    assert {name: job[name] for name in counted} == counted, f"CONSIGN_SEED={SEED}"


# ---- products ----

def checked_product(story, where, stored):
    """One reading of a product's versions against the model's."""
    if [document["version"] for document in stored] != [version.version for version in story.versions]:
        story.fail(f"{where} has the versions {[document['version'] for document in stored]}, the model says "
                   f"{[version.version for version in story.versions]}")
    times = {document["version"]: document["published_at"] for document in stored}
    for document, version in zip(stored, story.versions):
        content = {name: value for name, value in document.items() if name not in product.SYSTEM_FIELDS}
        assert_same(story, f"{where}, version {version.version}", content, version.content, version.version)
        system = {"isCurrent": version is story.current, "status": "published" if version.published else "draft",
                  "completeness_score": version.score, "locked_fields": version.locked_fields}
        assert_same(story, f"{where}, version {version.version}",
                    {name: document.get(name, []) for name in system}, system, version.version)
        expected = times[version.published] if version.published else None
        if document["published_at"] != expected or (version.published and expected is None):
            story.fail(f"{where}, version {version.version}: published_at is {document['published_at']!r}, the model says "
                       f"{expected!r}, as of version {version.published}", version.version)


def stored_versions(database, entity, tenant, prefix):
    """{code: its versions, oldest first} of the codes that begin so, from the collections themselves."""
    found = defaultdict(list)
    for collection in (f"{entity}_versions", f"{entity}s"):
        for document in database[collection].find({"_id": {"$gte": f"{tenant}|{prefix}-", "$lt": f"{tenant}|{prefix}."}}):
            found[document["_id"].split("|")[1]].append(document)
    return {code: sorted(versions, key=lambda document: document["version"]) for code, versions in found.items()}


def import_round(client, random, tenant, stories, sources):
    """One request with rows for some of the codes; both the services and the model apply it."""
    source_id, source, mapped_values = random.choice(sources)
    merge_mode = random.choice(["replace", "partial", "partial"])
    codes = random.choices(sorted(stories), k=ROWS)
    rows = []
    for code in codes:
        again = stories[code].last_row      # perhaps sent by another source, which finds another code or none in it
        if random.random() < 0.8 or not again or product.code_of(mapping.apply(mapping.of(source), again)[0]) != code:
            stories[code].last_row = generate.product(random, code, source.get("field_mappings"), mapped_values)
        rows.append(stories[code].last_row)
    job = client.import_products(rows, source_id=source_id, merge_mode=merge_mode)
    outcomes = []
    for at, (code, row) in enumerate(zip(codes, rows)):
        outcomes.append(product.apply(stories[code].current, row, source=source, merge_mode=merge_mode, tenant=tenant))
        stories[code].tell(f"{merge_mode} {row} by {source}", outcomes[-1])
        assert_findings(stories[code], at, outcomes[-1], job)
    return outcomes, job


def lock_some(client, random, stories):
    for code in random.sample(sorted(stories), 5):
        story = stories[code]
        if story.current:
            paths = generate.locks(random)
            response = client.request("PUT", f"/api/b2b/pim/products/{code}/locks", json={"locked_fields": paths})
            assert response.status_code == 200, response.text
            story.versions[-1] = product.lock(story.current, paths)
            story.steps.append((len(story.versions), f"locks {paths}"))


@pytest.mark.parametrize("tenant", TENANTS)
def test_products_of_random_imports_are_what_an_independent_model_says(tenant, request, database):
    print(f"CONSIGN_SEED={SEED}")
    client, random = request.getfixturevalue(tenant), randomness.Random(f"{SEED} products {tenant}")
    sources = []
    for settings, mapped_values in (generate.source(random) for _ in range(SOURCES)):
        sources.append((client.make_source(**settings), settings, mapped_values))
    prefix = fresh("MODEL")
    stories = {f"{prefix}-{number:02}": Story() for number in range(CODES)}
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(import_round(client, random, TENANTS[tenant], stories, sources))
        lock_some(client, random, stories)
    stored = stored_versions(database, "product", tenant, prefix)
    for code, story in stories.items():
        checked_product(story, "the database", stored.get(code, []))
        if story.current:
            checked_product(story, "the API", sorted(client.versions(code), key=lambda document: document["version"]))
    for outcomes, job in rounds:
        assert_counters(outcomes, job)


# ---- companies ----

def checked_company(story, where, stored, public_codes):
    if [document["version"] for document in stored] != [version.version for version in story.versions]:
        story.fail(f"{where} has the versions {[document['version'] for document in stored]}, the model says "
                   f"{[version.version for version in story.versions]}")
    for document, version in zip(stored, story.versions):
        content = {name: value for name, value in document.items() if name not in company.SYSTEM_FIELDS}
        if version.content["public_code"] == company.GENERATED:
            public_codes.setdefault(content["public_code"], story)
            if not re.fullmatch(r"C\d{6,}", content["public_code"]) or public_codes[content["public_code"]] is not story:
                story.fail(f"{where}: {content['public_code']} is no public_code of its own")
            content["public_code"] = company.GENERATED
        assert_same(story, f"{where}, version {version.version}", content, version.content, version.version)
        assert document["isCurrent"] is (version is story.current)


@pytest.mark.parametrize("tenant", TENANTS)
def test_companies_of_random_imports_are_what_an_independent_model_says(tenant, request, database):
    print(f"CONSIGN_SEED={SEED}")
    client, random = request.getfixturevalue(tenant), randomness.Random(f"{SEED} companies {tenant}")
    prefix = fresh("MODEL")
    stories = {f"{prefix}-{number:02}": Story() for number in range(CODES)}
    rounds = []
    for _ in range(ROUNDS):
        merge_mode, channel = random.choice(["replace", "partial"]), random.choice([None, "batch"])
        codes = random.choices(sorted(stories), k=ROWS)
        rows = [generate.company(random, code) for code in codes]
        job = client.import_companies(rows, merge_mode=merge_mode, **({"channel": channel} if channel else {}))
        outcomes = []
        for at, (code, row) in enumerate(zip(codes, rows)):
            outcomes.append(company.apply(stories[code].current, row, merge_mode=merge_mode, channel=channel,
                                          tenant=TENANTS[tenant]))
            stories[code].tell(f"{merge_mode} {row} in channel {channel}", outcomes[-1])
            assert_findings(stories[code], at, outcomes[-1], job)
        rounds.append((outcomes, job))
    stored, public_codes = stored_versions(database, "customer", tenant, prefix), {}
    for code, story in stories.items():
        checked_company(story, "the database", stored.get(code, []), public_codes)
        if story.current:
            versions = client.read(f"/api/b2b/customers/{code}/versions")["versions"]
            checked_company(story, "the API", sorted(versions, key=lambda document: document["version"]), public_codes)
    for outcomes, job in rounds:
        assert_counters(outcomes, job)
