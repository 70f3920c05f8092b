"""Exits 0 when the MongoDB server at MONGO_URI answers a ping."""

import os
import sys

import pymongo

try:
    client = pymongo.MongoClient(os.environ["MONGO_URI"], serverSelectionTimeoutMS=1000)
    client.admin.command("ping")
except pymongo.errors.PyMongoError as error:
    sys.exit(str(error))
