import Glibc

/// Which file a name leads to: two names with the same identity are one file, and a file that takes another's name has another.
struct FileIdentity: Hashable, Sendable, CustomStringConvertible {
    let device: UInt64
    let inode: UInt64

    /// What a path leads to.
    /// - Throws: The kernel's reason (`errno`), as a ``Failure``.
    init(path: String) throws(Failure) {
        var facts = stat()
        if stat(path, &facts) != 0 { throw Failure(code: errno) }
        self.init(facts)
    }

    /// What a descriptor leads to, also when its name is gone.
    init(descriptor: Int32) throws(Failure) {
        var facts = stat()
        if fstat(descriptor, &facts) != 0 { throw Failure(code: errno) }
        self.init(facts)
    }

    private init(_ facts: stat) {
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
    }

    /// `device:inode`, as the lock file holds it.
    var description: String { "\(device):\(inode)" }

    /// Why it is not known.
    struct Failure: Error {
        let code: Int32
        /// Whether there is no such file, rather than no way to look.
        var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
    }
}
