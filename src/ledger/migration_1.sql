-- The promise of the ledger, one row, written when it is made.
CREATE TABLE terms (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    unit TEXT NOT NULL,
    epsilon REAL NOT NULL,
    delta REAL NOT NULL,
    key_delta INTEGER NOT NULL CHECK (key_delta >= 0),
    budget INTEGER NOT NULL CHECK (budget >= 0),
    time_zone TEXT NOT NULL,
    identity TEXT NOT NULL,
    logs TEXT,
    key_check TEXT NOT NULL
) STRICT;

-- One row per reservation; only the state ever changes.
CREATE TABLE entries (
    id INTEGER NOT NULL PRIMARY KEY,
    release TEXT NOT NULL,
    release_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    charge INTEGER NOT NULL CHECK (charge > 0),
    key_delta INTEGER NOT NULL CHECK (key_delta >= 0),
    state TEXT NOT NULL
        CHECK (state IN ('reserved', 'drawn', 'committed', 'published', 'void')),
    plan TEXT NOT NULL,
    logs_digest TEXT NOT NULL,
    code_version TEXT NOT NULL,
    reserved_at TEXT NOT NULL
) STRICT;

-- A crashed draw may be followed by another reservation; anything else of one release may not.
CREATE UNIQUE INDEX one_live_entry ON entries (release_id)
    WHERE state IN ('reserved', 'committed', 'published');
CREATE INDEX entries_by_release ON entries (release);

-- What each entry costs each of its blocks, whether the block has data or not.
CREATE TABLE charges (
    entry INTEGER NOT NULL REFERENCES entries (id),
    block TEXT NOT NULL,
    charge INTEGER NOT NULL CHECK (charge > 0),
    key_delta INTEGER NOT NULL CHECK (key_delta >= 0),
    PRIMARY KEY (entry, block)
) STRICT, WITHOUT ROWID;
CREATE INDEX charges_by_block ON charges (block, entry);

-- The sums of the charges of all entries that are not void, kept so that a balance is one look-up.
CREATE TABLE blocks (
    day TEXT NOT NULL PRIMARY KEY,
    spent INTEGER NOT NULL CHECK (spent >= 0),
    key_delta_spent INTEGER NOT NULL CHECK (key_delta_spent >= 0)
) STRICT, WITHOUT ROWID;

-- The bytes to publish, from which lost or damaged output is healed.
CREATE TABLE stored (
    entry INTEGER NOT NULL REFERENCES entries (id),
    path TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (entry, path)
) STRICT;

-- Every event, chained. All tables above can be computed anew from it, but for the bytes.
CREATE TABLE journal (
    sequence INTEGER NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    entry INTEGER REFERENCES entries (id),
    payload TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX journal_by_entry ON journal (entry);

CREATE TRIGGER terms_stay BEFORE UPDATE ON terms
    BEGIN SELECT RAISE(ABORT, 'the terms of a ledger never change'); END;
CREATE TRIGGER terms_remain BEFORE DELETE ON terms
    BEGIN SELECT RAISE(ABORT, 'the terms of a ledger never go'); END;
CREATE TRIGGER entries_remain BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER charges_stay BEFORE UPDATE ON charges
    BEGIN SELECT RAISE(ABORT, 'charges never change'); END;
CREATE TRIGGER charges_remain BEFORE DELETE ON charges
    BEGIN SELECT RAISE(ABORT, 'charges are never deleted'); END;
CREATE TRIGGER blocks_remain BEFORE DELETE ON blocks
    BEGIN SELECT RAISE(ABORT, 'blocks are never deleted'); END;
CREATE TRIGGER stored_stay BEFORE UPDATE ON stored
    BEGIN SELECT RAISE(ABORT, 'stored bytes never change'); END;
CREATE TRIGGER stored_remain BEFORE DELETE ON stored
    BEGIN SELECT RAISE(ABORT, 'stored bytes are never deleted'); END;
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_remains BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
    WHEN old.id IS NOT new.id
        OR old.release IS NOT new.release
        OR old.release_id IS NOT new.release_id
        OR old.fingerprint IS NOT new.fingerprint
        OR old.charge IS NOT new.charge
        OR old.key_delta IS NOT new.key_delta
        OR old.plan IS NOT new.plan
        OR old.logs_digest IS NOT new.logs_digest
        OR old.code_version IS NOT new.code_version
        OR old.reserved_at IS NOT new.reserved_at
        OR old.state || ' ' || new.state NOT IN
            ('reserved drawn', 'reserved void', 'drawn committed', 'committed published')
    BEGIN SELECT RAISE(ABORT, 'an entry only moves on'); END;
