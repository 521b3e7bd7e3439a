import GRDB

/// The tables, one named step a release.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: pictures, jobs, results") { db in
            try db.execute(sql: first)
        }
        return migrator
    }

    private static let first = """
        CREATE TABLE picture(
            id TEXT PRIMARY KEY, bytes INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
            format TEXT NOT NULL, orientation INTEGER NOT NULL, profile INTEGER NOT NULL, label TEXT,
            notices TEXT NOT NULL, texts TEXT NOT NULL,
            origin TEXT NOT NULL CHECK(origin IN ('upload', 'result', 'painted', 'mask', 'soft')),
            created INTEGER NOT NULL, missing INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE INDEX picture_created ON picture(created);

        CREATE TABLE job(
            id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK(kind IN ('edit', 'mask', 'generate')),
            state TEXT NOT NULL CHECK(state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
            lane TEXT NOT NULL, priority INTEGER NOT NULL, seq INTEGER NOT NULL UNIQUE, model TEXT NOT NULL,
            request TEXT NOT NULL, attempts INTEGER NOT NULL, created INTEGER NOT NULL, started INTEGER,
            ended INTEGER, error TEXT, warnings TEXT NOT NULL, outcome TEXT) STRICT;
        CREATE INDEX job_turn ON job(state, lane, priority DESC, seq);

        -- What a job needs, so that nothing that it needs is collected.
        CREATE TABLE job_picture(
            job TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE,
            picture TEXT NOT NULL REFERENCES picture(id) ON DELETE RESTRICT, role TEXT NOT NULL,
            PRIMARY KEY(job, picture, role)) STRICT, WITHOUT ROWID;
        CREATE INDEX job_picture_picture ON job_picture(picture);

        CREATE TABLE result(
            id TEXT PRIMARY KEY, job TEXT UNIQUE REFERENCES job(id) ON DELETE SET NULL,
            picture TEXT NOT NULL REFERENCES picture(id) ON DELETE RESTRICT,
            photo TEXT REFERENCES picture(id) ON DELETE SET NULL,
            painted TEXT REFERENCES picture(id) ON DELETE SET NULL,
            mask TEXT REFERENCES picture(id) ON DELETE SET NULL,
            soft TEXT REFERENCES picture(id) ON DELETE SET NULL,
            width INTEGER NOT NULL, height INTEGER NOT NULL, account TEXT NOT NULL,
            created INTEGER NOT NULL) STRICT;
        CREATE INDEX result_picture ON result(picture);

        CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE speed(
            work TEXT PRIMARY KEY, seconds REAL NOT NULL, forwards INTEGER NOT NULL) STRICT;
        CREATE TABLE idempotency(
            key TEXT PRIMARY KEY, hash TEXT NOT NULL, job TEXT NOT NULL REFERENCES job(id) ON DELETE CASCADE,
            created INTEGER NOT NULL) STRICT;
        CREATE TABLE session(hash TEXT PRIMARY KEY, created INTEGER NOT NULL) STRICT;
        """
}
