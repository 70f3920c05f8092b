"""Which requests a stream sends: from the seed alone, whatever the answers are."""

import random
from dataclasses import dataclass, field

SIZES = (1, 3, 20, 80, 251, 600)
PRODUCTS, COMPANIES = 400, 120


@dataclass
class Request:
    id: str
    tenant: str
    kind: str            # products, customers
    channel: str         # queue, api: answered when the rows are applied
    mode: str            # replace, partial
    rows: list           # [(content, is_bad)]
    key: str | None      # Idempotency-Key
    manner: str          # plain; twice: at the same time; again: once more after the answer; cut, hang up: see load.py
    patience: float      # seconds after which a cut or hang-up comes
    batch: dict | None = None
    marks: list = field(default_factory=list)


class Stream:
    """A partner's program: the requests it sends one after the other."""

    def __init__(self, seed, prefix, tenant, number):
        self.random = random.Random(f"{seed}/{tenant}/{number}")
        self.prefix, self.tenant, self.name = prefix, tenant, f"{prefix}/{tenant}/{number}"
        self.count = 0

    def __iter__(self):
        while True:
            if self.random.random() < 0.1:
                yield from self.feed()
            else:
                yield self.request()

    def feed(self):
        """The parts of one feed, in any order; each is repeated until it is taken."""
        kind, parts = self.kind(), self.random.randint(2, 4)
        batch_id = f"{self.name}/batch-{self.count}"
        numbers = self.random.sample(range(1, parts + 1), parts)
        for number in numbers:
            request = self.request(kind)
            request.key = request.key or request.id
            request.batch = {"batch_id": batch_id, "batch_part": number, "batch_total_parts": parts}
            yield request

    def kind(self):
        return "products" if self.random.random() < 0.75 else "customers"

    def request(self, kind=None):
        self.count += 1
        identity = f"{self.name}/{self.count}"
        kind = kind or self.kind()
        manner = self.random.choices(("plain", "twice", "again", "cut", "hang up"), (70, 8, 8, 7, 7))[0]
        key = identity if manner in ("twice", "again") or self.random.random() < 0.8 else None
        channel = "api" if kind == "products" and self.random.random() < 0.15 else "queue"
        request = Request(identity, self.tenant, kind, channel, self.random.choice(("replace", "partial")), [], key, manner,
                          self.random.choice((0.0, 0.005, 0.05, 0.3)))
        for position in range(self.random.choice(SIZES)):
            mark = f"{identity}:{position}"
            request.marks.append(mark)
            request.rows.append(self.row(kind, mark))
        return request

    def row(self, kind, mark):
        is_bad = self.random.random() < 0.02
        name = self.random.choice(("red", "green", "blue"))
        content = {"mark": mark, "note": "n" * self.random.randint(1, 200), "facts": {name: self.random.randint(1, 1000)}}
        if kind == "products":
            code = f"{self.prefix}-P{self.random.randrange(PRODUCTS):04}"
            return {"entity_code": code, **content, "price": "x" if is_bad else self.random.randint(1, 9999)}, is_bad
        code = f"{self.prefix}-C{self.random.randrange(COMPANIES):04}"
        return {"external_code": code, **content, "tags": "x" if is_bad else [f"t{self.random.randrange(9)}"]}, is_bad
