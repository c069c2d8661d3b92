/// A version of numbers and dots.
struct LibraryVersion: Comparable, CustomStringConvertible {
    private let numbers: [Int]

    /// The leading numbers of a text such as `3.40.1` or `8.0.0-DEV`; what is missing counts as 0.
    init(_ text: String) {
        let parts = text.split(separator: ".").prefix(3).map { part in Int(part.prefix { $0.isNumber }) ?? 0 }
        numbers = Array((parts + [0, 0, 0]).prefix(3))
    }

    var description: String { numbers.map { String($0) }.joined(separator: ".") }

    /// Whether it is of the same line, such as 3.44, and at least as new as `other`.
    func isPatched(like other: LibraryVersion) -> Bool { numbers.prefix(2) == other.numbers.prefix(2) && self >= other }

    static func < (a: LibraryVersion, b: LibraryVersion) -> Bool { a.numbers.lexicographicallyPrecedes(b.numbers) }
}

/// Libraries with faults that matter here.
enum VersionChecks {
    /// SQLite's WAL-reset bug: 3.7.0 to 3.51.2, mended in 3.51.3, 3.50.7 and 3.44.6 (sqlite.org/wal.html#walresetbug).
    static func sqlite(_ text: String) -> Finding {
        let version = LibraryVersion(text)
        let isMended =
            version >= LibraryVersion("3.51.3") || version.isPatched(like: LibraryVersion("3.50.7"))
            || version.isPatched(like: LibraryVersion("3.44.6")) || version < LibraryVersion("3.7.0")
        if isMended { return Finding(.ok, "SQLite", text) }
        return Finding(
            .warn,
            "SQLite",
            "\(text) has the WAL-reset bug (sqlite.org/wal.html#walresetbug); Posthorn's own connections avoid it, but every other "
                + "program that writes to this file must set PRAGMA wal_autocheckpoint=0, or install 3.51.3, 3.50.7 or 3.44.6"
        )
    }

    /// libcurl before 8.0.0 can take a left-over answer on a kept connection for the next request's (commit 7c5637b8b4).
    static func curl(_ text: String) -> Finding {
        if LibraryVersion(text) >= LibraryVersion("8.0.0") { return Finding(.ok, "libcurl", text) }
        return Finding(
            .ok,
            "libcurl",
            "\(text); before 8.0.0 it can read a left-over answer as the next one, which Posthorn checks for before every request"
        )
    }
}
