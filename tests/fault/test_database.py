"""The database of a stack keeps what it has acknowledged, as MongoDB does with its journal: all else is built on that."""

import os
import signal
import threading

import pymongo
from consign import fresh, wait_for
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern
from stack import ROOT, Stack

WRITERS = 4
ENOUGH = 1000   # writes before the kill


class Writer(threading.Thread):
    """Writes until the database is gone; knows what was acknowledged."""

    def __init__(self, collection):
        super().__init__(daemon=True)
        self.collection, self.name, self.acknowledged = collection, fresh("writer"), 0

    def run(self):
        try:
            while True:
                self.collection.insert_one({"_id": f"{self.name}/{self.acknowledged}"})
                self.acknowledged += 1
        except PyMongoError:
            pass


def connect():
    return pymongo.MongoClient(os.environ["MONGO_URI"], serverSelectionTimeoutMS=5000, retryWrites=False)


def test_what_the_database_acknowledged_survives_its_kill():
    stack = Stack(os.environ["CONSIGN_STACK"])
    name = fresh("kept")
    with connect() as client:
        collection = client["consign-fault"].get_collection(name, write_concern=WriteConcern("majority"))
        writers = [Writer(collection) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_for("writes are under way", lambda: sum(writer.acknowledged for writer in writers) > ENOUGH)
        os.kill(int((ROOT / ".dev/run" / stack.name / "mongodb.pid").read_text().split()[0]), signal.SIGKILL)
        for writer in writers:
            writer.join()
    stack.up()
    with connect() as client:
        collection = client["consign-fault"][name]
        lost = [writer.name for writer in writers for number in range(writer.acknowledged)
                if not collection.find_one({"_id": f"{writer.name}/{number}"}, {"_id": 1})]
        client.drop_database("consign-fault")
    assert not lost, f"{len(lost)} of {sum(writer.acknowledged for writer in writers)} acknowledged writes are gone"
