-- How the budget follows from epsilon and delta; NULL in ledgers that were made before this version.
ALTER TABLE terms ADD COLUMN conversion TEXT;
