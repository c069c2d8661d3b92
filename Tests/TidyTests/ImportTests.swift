import Testing

/// Who may import whom. The flow goes one way, and each C library is behind as few rooms as can be.
@Suite struct ImportTests {
    /// What every room with threads may import.
    static let system: Set<String> = ["Glibc", "Synchronization", "Dispatch"]

    /// The rooms of the house, each with what it may import beside ``system``.
    static let rooms: [String: Set<String>] = [
        "PosthornText": [],
        "PosthornModel": ["PosthornText"],
        "PosthornSystem": ["PosthornText", "CPosthornLinux"],
        "PosthornFormats": ["PosthornModel", "PosthornText", "CPosthornCrypto"],
        "PosthornStore": ["PosthornModel", "PosthornText", "PosthornSystem"],
        "PosthornSQLite": [
            "PosthornStore", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornMigrations", "CPosthornSQLite", "CPosthornLinux",
        ],
        "PosthornPostgres": [
            "PosthornStore", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornMigrations", "CPosthornPostgres",
        ],
        "PosthornCurl": ["PosthornModel", "PosthornSystem", "CPosthornCurl", "CPosthornTLS"],
        "PosthornSending": [
            "PosthornModel", "PosthornText", "PosthornSystem", "PosthornCurl", "CPosthornCurl", "CPosthornTLS", "CPosthornLinux",
        ],
        "PosthornMail": ["PosthornModel", "PosthornText", "PosthornCurl", "CPosthornCurl"],
        "Posthorn": [
            "PosthornModel", "PosthornText", "PosthornSystem", "PosthornFormats", "PosthornStore", "PosthornSQLite", "PosthornSending",
            "PosthornMail", "PosthornPostgres",
        ],
        "PosthornTesting": ["Posthorn", "PosthornMail", "PosthornModel", "PosthornText", "PosthornStore", "PosthornSystem"],
        "PosthornHTTP": ["PosthornText", "PosthornSystem", "CPosthornLinux", "CPosthornTLS"],
        "PosthornAPI": ["Posthorn", "PosthornModel", "PosthornText", "PosthornStore", "PosthornSystem", "PosthornHTTP"],
        "PosthornLab": [
            "Posthorn", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornFormats", "PosthornSending", "PosthornHTTP",
            "CPosthornLinux",
        ],
        "PosthornCLI": [
            "Posthorn", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornFormats", "PosthornStore", "PosthornSQLite",
            "PosthornSending", "PosthornCurl", "PosthornMail",
            "PosthornHTTP", "PosthornAPI", "PosthornLab", "PosthornPostgres",
        ],
        "PosthornBenchReports": ["PosthornModel", "PosthornText"],
        "PosthornBench": [
            "Posthorn", "PosthornModel", "PosthornText", "PosthornSystem", "PosthornFormats", "PosthornStore", "PosthornSQLite",
            "PosthornSending", "PosthornCurl",
            "PosthornHTTP", "PosthornAPI",
            "PosthornLab", "PosthornBenchReports", "CPosthornAllocationCount", "CPosthornFlushDelay", "CPosthornSQLite", "CPosthornLinux",
            "PosthornPostgres", "CPosthornPostgres",
        ],
    ]

    /// Rooms of values and pure functions, which have no threads, locks or clocks.
    static let pure: Set<String> = ["PosthornText", "PosthornModel"]

    /// The module that a line imports.
    static func module(importedBy line: Substring) -> String? {
        let words = line.split(separator: " ")
        let attributes: Set<Substring> = ["public", "package", "internal", "fileprivate", "private", "@_exported", "@testable"]
        let rest = words.drop { attributes.contains($0) }
        // One declaration of a module may be imported alone: `import struct Room.Value`.
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        guard rest.first == "import", let name = rest.dropFirst().first(where: { !kinds.contains($0) }) else { return nil }
        return name.split(separator: ".").first.map { String($0) }
    }

    static func imports(under folder: String) -> [(file: String, module: String)] {
        SourceTree.files(under: folder, suffix: ".swift").flatMap { file in
            file.lines.compactMap { module(importedBy: $0) }.map { (file.path, $0) }
        }
    }

    @Test func aRoomImportsOnlyWhatTheTableAllows() {
        for (room, allowed) in Self.rooms {
            let permitted = Self.pure.contains(room) ? allowed.union(["Glibc"]) : allowed.union(Self.system)
            for (file, module) in Self.imports(under: "Sources/\(room)") {
                #expect(permitted.contains(module), "\(file) imports \(module), which \(room) must not")
            }
        }
    }

    @Test func everyFolderOfSwiftSourcesIsARoomOfTheTable() {
        for name in SourceTree.names(in: "Sources") where !SourceTree.files(under: "Sources/\(name)", suffix: ".swift").isEmpty {
            #expect(Self.rooms[name] != nil, "Sources/\(name) is not in the table of rooms")
        }
    }

    @Test func theTableHasNoCycle() {
        var remaining = Self.rooms.mapValues { $0.filter { Self.rooms[$0] != nil } }
        while let leaf = remaining.first(where: { $0.value.isEmpty })?.key {
            remaining[leaf] = nil
            remaining = remaining.mapValues { $0.subtracting([leaf]) }
        }
        #expect(remaining.isEmpty)
    }

    @Test(
        arguments: [
            ("import Glibc", "Glibc"), ("@_exported public import PosthornModel", "PosthornModel"),
            ("package import CPosthornLinux", "CPosthornLinux"),
            ("@_exported public import struct PosthornSystem.CIDR", "PosthornSystem"), ("// import Foundation", nil), ("important()", nil),
        ] as [(Substring, String?)]
    )
    func aLineIsReadAsAnImport(_ line: Substring, _ module: String?) {
        #expect(Self.module(importedBy: line) == module)
    }
}
