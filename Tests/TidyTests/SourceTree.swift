import Glibc
import PosthornTestSupport

/// The files of this checkout, found from where this file was compiled.
enum SourceTree {
    /// A text file, by its path from the top.
    struct File: Sendable {
        let path: String
        let text: String

        /// The lines without their ends.
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        /// As editors count them: a last line that is ended counts once.
        var lineCount: Int { lines.count - (text.hasSuffix("\n") ? 1 : 0) }
        /// The last part of the path.
        var name: String { String(path.split(separator: "/").last ?? "") }
    }

    /// The folder that holds Package.swift: two above this file's.
    static let top: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    /// The names in a folder, sorted; empty when there is no such folder.
    static func names(in folder: String) -> [String] { FolderListing.names(in: "\(top)/\(folder)") ?? [] }

    static func exists(_ path: String) -> Bool {
        var facts = stat()
        return stat("\(top)/\(path)", &facts) == 0
    }

    static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat("\(top)/\(path)", &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// The text files of a folder and all below it; names that start with a dot are left out.
    static func files(under folder: String, suffix: String = "") -> [File] {
        names(in: folder).filter { !$0.hasPrefix(".") }.flatMap { name -> [File] in
            let path = "\(folder)/\(name)"
            if isFolder(path) { return files(under: path, suffix: suffix) }
            return name.hasSuffix(suffix) ? file(path).map { [$0] } ?? [] : []
        }
    }

    /// One file; `nil` when it is not there or no text.
    static func file(_ path: String) -> File? { text(at: "\(top)/\(path)").map { File(path: path, text: $0) } }

    /// What a file anywhere holds; `nil` when it is not there or no text.
    static func text(at path: String) -> String? {
        guard let stream = fopen(path, "rb") else { return nil }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Everything that people write: all folders of the top level and the text files beside them.
    static func everything() -> [File] {
        ["Sources", "Tests", "Migrations", "Examples", ".ci"].flatMap { files(under: $0) }
            + ["Package.swift", "README.md", "LICENSE", ".gitignore", ".swift-format"].compactMap(file)
    }
}
