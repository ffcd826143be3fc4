-- Records under their kind and id. What a record says is sealed; in clear stands only what it is found by.
CREATE TABLE records (
    record INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    keep_until INTEGER,
    due_at INTEGER,
    application TEXT,
    person TEXT,
    state TEXT,
    provider TEXT,
    UNIQUE (kind, id)
) STRICT;

CREATE INDEX records_due ON records (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX records_over ON records (keep_until) WHERE keep_until IS NOT NULL;
CREATE INDEX records_person ON records (person, kind, id) WHERE person IS NOT NULL;
CREATE INDEX records_application ON records (application, kind, id) WHERE application IS NOT NULL;

-- One line of the host's own: whether the store takes writes.
CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER NOT NULL) STRICT;
