internal import Glibc
internal import ProcessCore

extension SQLiteStoreFile {
    /// Makes the store where there is none: readable by its owner alone, and its folder likewise.
    ///
    /// Nobody ever sees a store that is half made, not even after a crash: an empty file stands for it, and who holds the
    /// lock on that makes the store beside it and then puts it in its place.
    ///
    /// - Throws: `refused` where that is not allowed; `unavailable` where another instance does not get done;
    ///   `storeFull`.
    func createIfMissing() throws(ProcessRepositoryError) {
        var status = stat()
        if stat(self.path, &status) != 0 {
            guard errno == ENOENT else { throw self.refusal("can't be looked at: \(Self.reason(errno))") }
            try self.createFolder()
            let made = Glibc.open(self.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
            // Another instance may have been faster.
            if made < 0, errno != EEXIST { throw self.refusal("can't be made: \(Self.reason(errno))") }
            if made >= 0 { Glibc.close(made) }
        }
        let begin = MonotonicInstant.now
        while try self.checkFile(forWriting: true) == 0 {
            let empty = Glibc.open(self.path, O_RDWR | O_CLOEXEC)
            guard empty >= 0 else { throw self.refusal("can't be opened: \(Self.reason(errno))") }
            // Closing a descriptor drops SQLite's locks on its file; nobody has any on one that is empty.
            defer { Glibc.close(empty) }
            if flock(empty, LOCK_EX | LOCK_NB) == 0, self.isEmptyFileAtPath(empty) {
                try self.replaceEmptyFile()
                return
            }
            guard self.hasPatience(since: begin) else {
                throw ProcessRepositoryError(.unavailable, "\(self.path) is being made by another process")
            }
            usleep(500)
        }
    }

    private func createFolder() throws(ProcessRepositoryError) {
        let folder = self.folder
        var end = folder.startIndex
        while end < folder.endIndex {
            end = folder[folder.index(after: end)...].firstIndex(of: "/") ?? folder.endIndex
            let part = String(folder[..<end])
            guard mkdir(part, 0o700) != 0, errno != EEXIST else { continue }
            let code = errno
            var status = stat()
            if stat(part, &status) != 0 { throw self.refusal("has no folder: \(part): \(Self.reason(code))") }
        }
    }

    /// Whether an open file is empty, and still the one that the path leads to.
    private func isEmptyFileAtPath(_ descriptor: Int32) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0 && stat(self.path, &named) == 0 && opened.st_size == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    private func replaceEmptyFile() throws(ProcessRepositoryError) {
        guard let resolved = realpath(self.path, nil) else {
            throw self.refusal("can't be found: \(Self.reason(errno))")
        }
        defer { free(resolved) }
        let target = String(cString: resolved)
        let new = SQLiteStoreFile(path: "\(target).new", schema: self.schema, busyTimeout: self.busyTimeout)
        // What a start that was cut off left behind.
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(new.path + suffix) }
        var status = stat()
        let mode = stat(target, &status) == 0 ? status.st_mode & 0o666 : 0o600
        let made = Glibc.open(new.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode)
        guard made >= 0 else { throw self.refusal("can't be made: \(new.path): \(Self.reason(errno))") }
        Glibc.close(made)
        do throws(ProcessRepositoryError) {
            try new.makeStore()
            guard rename(new.path, target) == 0 else { throw self.refusal("can't be made: \(Self.reason(errno))") }
        } catch {
            unlink(new.path)
            throw error
        }
        // A new name is on the disk once its folder is.
        let folder = Glibc.open(self.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        Glibc.close(folder)
    }
}
