-- What a node may do at the operator listener, beside the transactions that it may send.
ALTER TABLE node ADD COLUMN rights text[] NOT NULL DEFAULT '{}';
