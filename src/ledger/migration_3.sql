-- A day is released in two steps, and one that looks empty after the first ends there. No statement changes
-- the check of a column, so the table is made again; rows that refer to it are checked at the commit.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE former AS SELECT * FROM entries;
DROP TABLE entries;

-- One row per reservation; only the state ever changes. What the look costs is a part of the charge.
CREATE TABLE entries (
    id INTEGER NOT NULL PRIMARY KEY,
    release TEXT NOT NULL,
    release_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    charge INTEGER NOT NULL CHECK (charge > 0),
    look_charge INTEGER CHECK (look_charge > 0 AND look_charge <= charge),
    key_delta INTEGER NOT NULL CHECK (key_delta >= 0),
    state TEXT NOT NULL
        CHECK (state IN ('reserved', 'drawn', 'committed', 'published', 'void', 'empty')),
    plan TEXT NOT NULL,
    logs_digest TEXT NOT NULL,
    code_version TEXT NOT NULL,
    reserved_at TEXT NOT NULL,
    CHECK (state <> 'empty' OR look_charge IS NOT NULL)
) STRICT;

INSERT INTO entries (id, release, release_id, fingerprint, charge, key_delta, state, plan, logs_digest,
        code_version, reserved_at)
    SELECT id, release, release_id, fingerprint, charge, key_delta, state, plan, logs_digest,
        code_version, reserved_at
    FROM former;
DROP TABLE former;

-- A crashed draw of an older program may be followed by another reservation, and so may a day that looked
-- empty; anything else of one release may not.
CREATE UNIQUE INDEX one_live_entry ON entries (release_id)
    WHERE state IN ('reserved', 'committed', 'published');
CREATE INDEX entries_by_release ON entries (release);

CREATE TRIGGER entries_remain BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
    WHEN old.id IS NOT new.id
        OR old.release IS NOT new.release
        OR old.release_id IS NOT new.release_id
        OR old.fingerprint IS NOT new.fingerprint
        OR old.charge IS NOT new.charge
        OR old.look_charge IS NOT new.look_charge
        OR old.key_delta IS NOT new.key_delta
        OR old.plan IS NOT new.plan
        OR old.logs_digest IS NOT new.logs_digest
        OR old.code_version IS NOT new.code_version
        OR old.reserved_at IS NOT new.reserved_at
        OR old.state || ' ' || new.state NOT IN
            ('reserved drawn', 'reserved void', 'drawn committed', 'drawn empty', 'committed published')
        OR new.state = 'empty' AND NOT EXISTS
            (SELECT 1 FROM journal WHERE entry = old.id AND event = 'looked')
    BEGIN SELECT RAISE(ABORT, 'an entry only moves on'); END;
