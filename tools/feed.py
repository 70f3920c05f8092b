"""Writes a supplier's product feed as import requests, one file per part of a batch.

    feed.py --folder DIR --batch-id ID [--products 10000] [--parts 4] [--seed 1] [--source supplier-weekly-feed]

The same arguments give the same bytes. The codes depend on the number of products only, so that a second feed makes new
versions of the same products; prices and stock depend on the seed.
"""

import argparse
import json
import random
from pathlib import Path

KINDS = [
    ("valve", "Ball valve", "Valvola a sfera"), ("elbow", "Copper elbow", "Gomito in rame"),
    ("tee", "Brass tee", "Raccordo a T in ottone"), ("pipe", "Multilayer pipe", "Tubo multistrato"),
    ("pump", "Circulation pump", "Pompa di circolazione"), ("tap", "Basin mixer", "Miscelatore lavabo"),
    ("trap", "Bottle trap", "Sifone a bottiglia"), ("gauge", "Pressure gauge", "Manometro"),
]
BRANDS = ["acme", "idrotec", "termosan", "valpe", "rubinetta"]
SIZES = ['3/8"', '1/2"', '3/4"', '1"', "16 mm", "22 mm", "28 mm", "32 mm"]


def product(number, random_source):
    kind, english, italian = KINDS[number % len(KINDS)]
    size = SIZES[number // len(KINDS) % len(SIZES)]
    price = round(random_source.uniform(1.5, 180), 2)
    return {
        "entity_code": f"FEED-{number:06d}",
        "sku": f"FEED-{number:06d}",
        "name": {"en": f"{english} {size}", "it": f"{italian} {size}"},
        "description": {"it": f"{italian} {size}, serie {number % 97}, per impianti civili."},
        "brand": BRANDS[number % len(BRANDS)],
        "category": f"cat_{kind}",
        "price": price,
        "quantity": random_source.randrange(500),
        "ean": [f"80{number:011d}"],
        "images": [{"url": f"https://cdn.example.com/feed/{number:06d}.jpg", "position": 0}],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--batch-id", required=True)
    parser.add_argument("--products", type=int, default=10000)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--source", default="supplier-weekly-feed")
    options = parser.parse_args()

    random_source = random.Random(options.seed)
    products = [product(number, random_source) for number in range(1, options.products + 1)]
    size = -(-len(products) // options.parts)
    options.folder.mkdir(parents=True, exist_ok=True)
    for part in range(1, options.parts + 1):
        request = {
            "source_id": options.source,
            "batch_metadata": {"batch_id": options.batch_id, "batch_part": part, "batch_total_parts": options.parts,
                               "batch_total_items": len(products)},
            "products": products[(part - 1) * size:part * size],
        }
        path = options.folder / f"part-{part}.json"
        path.write_text(json.dumps(request, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
