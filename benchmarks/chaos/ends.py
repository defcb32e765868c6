"""Counts in the database how often a run ended, whoever writes: by a trigger on its table."""

from django.db import connection

INSTALL = """
CREATE TABLE chaos_ends (run_id uuid NOT NULL, status text NOT NULL, at timestamptz NOT NULL);
CREATE FUNCTION chaos_note_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('succeeded', 'failed', 'cancelled', 'expired') AND (
        OLD.status IS DISTINCT FROM NEW.status OR OLD.result IS DISTINCT FROM NEW.result
    ) OR OLD.status IN ('succeeded', 'failed', 'cancelled', 'expired') THEN
        INSERT INTO chaos_ends VALUES (NEW.id, NEW.status, clock_timestamp());
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chaos_note_end AFTER UPDATE ON workers_taskrun
    FOR EACH ROW EXECUTE FUNCTION chaos_note_end();
"""
REMOVE = """
DROP TRIGGER IF EXISTS chaos_note_end ON workers_taskrun;
DROP FUNCTION IF EXISTS chaos_note_end;
DROP TABLE IF EXISTS chaos_ends;
"""


def install() -> None:
    """Begin to count; what an earlier count left is removed."""
    remove()
    with connection.cursor() as cursor:
        cursor.execute(INSTALL)


def remove() -> None:
    with connection.cursor() as cursor:
        cursor.execute(REMOVE)


def counted() -> dict[str, int]:
    """How often each run was written to an end, or changed after it, by run id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT run_id, count(*) FROM chaos_ends GROUP BY run_id")
        return {str(run): count for run, count in cursor.fetchall()}
