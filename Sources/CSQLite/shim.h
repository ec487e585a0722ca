#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast in a macro, which Swift cannot see: SQLite copies the bytes before the call returns.
static inline sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }

// sqlite3_db_config and sqlite3_config are variadic, which Swift cannot call.
static inline int csqlite_db_config_int(sqlite3 *db, int option, int value) {
    return sqlite3_db_config(db, option, value, (int *)0);
}
