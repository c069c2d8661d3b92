import Glibc

/// A folder of its own for files that nobody needs afterwards: in `$TMPDIR`, which so chooses the disk, or else in `/tmp`.
package struct TemporaryFolder {
    package let path: String

    /// Where such folders are made.
    package static var parent: String {
        getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }

    /// - Throws: A ``SystemProblem`` when there is no room for one in ``parent``, or it may not be written.
    package init() throws(SystemProblem) {
        var name = Array("\(Self.parent)/posthorn-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw SystemProblem("mkdtemp in \(Self.parent)", errno) }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes it with the files in it, and with folders in it that are empty.
    package func remove() {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(cString: $0.bindMemory(to: CChar.self).baseAddress!) }
            if name == "." || name == ".." { continue }
            if unlink("\(path)/\(name)") != 0 { rmdir("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}
