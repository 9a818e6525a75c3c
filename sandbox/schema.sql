-- A host's books. Card numbers appear as a keyed hash, first six and last four digits only.
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    decision TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS authorizations (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    transmitted_at TEXT NOT NULL,
    stan TEXT NOT NULL,
    acquirer_id TEXT NOT NULL,
    rrn TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    card_acceptor_id TEXT NOT NULL,
    pan_hash TEXT NOT NULL,
    pan_first6 TEXT NOT NULL,
    pan_last4 TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    remaining_minor INTEGER NOT NULL,
    presented_minor INTEGER NOT NULL DEFAULT 0,
    currency TEXT NOT NULL,
    authorization_code TEXT NOT NULL,
    network_reference TEXT NOT NULL UNIQUE,
    answer_withheld INTEGER NOT NULL,
    reversed INTEGER NOT NULL DEFAULT 0,
    booked_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS reversals (
    id INTEGER PRIMARY KEY,
    original_identity TEXT NOT NULL,
    stan TEXT NOT NULL,
    transmitted_at TEXT NOT NULL,
    original_stan TEXT NOT NULL,
    original_transmitted_at TEXT NOT NULL,
    acquirer_id TEXT NOT NULL,
    rrn TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    remaining_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    original TEXT NOT NULL,
    received INTEGER NOT NULL DEFAULT 1,
    booked_at TEXT NOT NULL,
    UNIQUE (original_identity, stan)
);
CREATE TABLE IF NOT EXISTS clearing_files (
    file_id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    received_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS presentments (
    id INTEGER PRIMARY KEY,
    file_id TEXT NOT NULL REFERENCES clearing_files,
    acquirer_reference_number TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    authorization_id INTEGER REFERENCES authorizations,
    status TEXT NOT NULL,
    reason TEXT,
    held_back INTEGER NOT NULL DEFAULT 0,
    record TEXT,
    settlement_file_id TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS presented_once
    ON presentments (acquirer_reference_number) WHERE status <> 'rejected';
CREATE INDEX IF NOT EXISTS to_settle ON presentments (status);
CREATE TABLE IF NOT EXISTS settlement_files (
    sequence INTEGER PRIMARY KEY,
    file_id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL,
    cut_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (
    reference TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    expiry TEXT NOT NULL,
    pan_hash TEXT NOT NULL,
    requestor TEXT NOT NULL,
    status TEXT NOT NULL,
    account_reference TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tokens_of_a_card ON tokens (pan_hash, requestor);
CREATE TABLE IF NOT EXISTS cryptograms (
    value TEXT PRIMARY KEY,
    number TEXT NOT NULL REFERENCES tokens (number),
    expires_at TEXT NOT NULL
);
