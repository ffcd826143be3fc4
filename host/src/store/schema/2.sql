-- The keys of the server that records may hang on: one that is no longer in the key file is looked for at the start.
CREATE TABLE server_keys (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
