"""What was sent and answered, and what was found afterwards: one SQLite file, so that a violation can be looked into."""

import sqlite3
import threading

SCHEMA = """
-- The load's own log.
CREATE TABLE requests (id TEXT PRIMARY KEY, tenant TEXT, kind TEXT, channel TEXT, mode TEXT, key TEXT, batch TEXT,
                       sent REAL, ended REAL, outcome TEXT);          -- accepted, refused, unknown
CREATE TABLE rows (mark TEXT PRIMARY KEY, request TEXT, position INTEGER, code TEXT, is_bad INTEGER, content TEXT);
CREATE TABLE attempts (request TEXT, sent REAL, ended REAL, status INTEGER, code TEXT, job_id TEXT);
CREATE TABLE batches (tenant TEXT, id TEXT);
CREATE TABLE poison (value BLOB);
CREATE TABLE alarms (invariant TEXT, what TEXT);                      -- seen while the load ran
-- What Consign shows at the end.
CREATE TABLE versions (tenant TEXT, kind TEXT, code TEXT, number INTEGER, is_current INTEGER, mark TEXT, content TEXT,
                       at REAL);
CREATE TABLE row_errors (tenant TEXT, job_id TEXT, mark TEXT);
CREATE TABLE jobs (id TEXT PRIMARY KEY, tenant TEXT, status TEXT, total INTEGER, processed INTEGER, successful INTEGER,
                   failed INTEGER);
CREATE TABLE indexed (tenant TEXT, code TEXT, number INTEGER);
CREATE TABLE events (topic TEXT, key TEXT, id TEXT);
CREATE TABLE dead_letters (topic TEXT, value BLOB);
CREATE TABLE lag (consumers TEXT, messages INTEGER);
CREATE INDEX rows_request ON rows (request);
CREATE INDEX attempts_request ON attempts (request);
CREATE INDEX versions_mark ON versions (mark);
CREATE INDEX row_errors_mark ON row_errors (mark);
"""


class Journal:
    """Safe to use from several threads."""

    def __init__(self, path=":memory:"):
        self.lock = threading.RLock()
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.executescript(SCHEMA)
        self.database.execute("PRAGMA synchronous = OFF")

    def add(self, table, rows):
        rows = list(rows)
        if rows:
            with self.lock:
                self.database.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
                self.database.commit()

    def change(self, statement, *parameters):
        with self.lock:
            self.database.execute(statement, parameters)
            self.database.commit()

    def query(self, statement, *parameters):
        with self.lock:
            return self.database.execute(statement, parameters).fetchall()

    def number(self, statement, *parameters):
        return self.query(statement, *parameters)[0][0]

    def alarm(self, invariant, what):
        self.add("alarms", [(invariant, what)])
