#include <sqlite3.h>
#include <sys/prctl.h>

// SQLITE_TRANSIENT and SQLITE_STATIC are casts in macros, which Swift cannot see. Transient: SQLite copies the bytes
// before the call returns. Static: the bytes stay where they are until the statement is reset.
static inline int csqlite_bind_text_transient(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_text(statement, index, (const char *)bytes, count, SQLITE_TRANSIENT);
}
static inline int csqlite_bind_text_static(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_text(statement, index, (const char *)bytes, count, SQLITE_STATIC);
}

// sqlite3_db_config and sqlite3_config are variadic, which Swift cannot call.
static inline int csqlite_db_config_int(sqlite3 *db, int option, int value) {
    return sqlite3_db_config(db, option, value, (int *)0);
}

static inline int csqlite_config_int(int option, int value) { return sqlite3_config(option, value); }

// Reads from the database file through SQLite's own handle of it: a descriptor of our own would, when it is closed,
// drop every lock that other connections of this operating-system process hold on the file (POSIX).
// Returns an SQLite result code; what lies beyond the end of the file is read as zeros.
static inline int csqlite_read_file(sqlite3 *db, void *bytes, int count, long long offset) {
    sqlite3_file *file = (sqlite3_file *)0;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    if (file == (sqlite3_file *)0 || file->pMethods == (const sqlite3_io_methods *)0) return SQLITE_CANTOPEN;
    code = file->pMethods->xRead(file, bytes, count, offset);
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

// Locks the database file as SQLite itself does before its last connection copies the log into it: for that, no other
// connection of any process may have the file open. Closing the connection lets go of it.
static inline int csqlite_lock_file_exclusively(sqlite3 *db) {
    sqlite3_file *file = (sqlite3_file *)0;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    if (file == (sqlite3_file *)0 || file->pMethods == (const sqlite3_io_methods *)0) return SQLITE_CANTOPEN;
    return file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE);
}

// prctl is variadic. Names the calling thread for tools that show threads; at most 15 bytes.
static inline void csqlite_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
