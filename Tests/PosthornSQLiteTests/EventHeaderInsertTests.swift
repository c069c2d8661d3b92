import PosthornMigrations
import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import PosthornSQLite
import PosthornStore

/// The column `headers` of the outbox, as other programs write it.
@Suite struct EventHeaderInsertTests {
    private let folder: TemporaryDirectory
    private let now = Timestamp(milliseconds: 1_594_816_394_000)
    private var path: String { folder.file("outbox.db") }

    private static let verbs = [
        "INSERT", "INSERT OR ABORT", "INSERT OR FAIL", "INSERT OR IGNORE", "INSERT OR REPLACE", "INSERT OR ROLLBACK", "REPLACE",
    ]

    init() throws { folder = try TemporaryDirectory() }

    private func platform() throws -> SQLiteConnection {
        _ = try SQLiteStore(path: path, now: now)
        let platform = try SQLiteConnection(path: path, creating: false)
        try platform.execute("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')")
        return platform
    }

    private func insert(_ platform: SQLiteConnection, _ id: String, _ headers: String, _ verb: String = "INSERT") throws(OutboxProblem) {
        try platform.execute("\(verb) INTO posthorn_outbox (id, type, node, data, headers) VALUES ('\(id)', 'T', 's1', '{}', \(headers))")
    }

    private func refusal(_ platform: SQLiteConnection, _ id: String, _ headers: String, _ verb: String = "INSERT") -> String? {
        do throws(OutboxProblem) { try insert(platform, id, headers, verb) } catch { return error.message }
        return nil
    }

    @Test func headersAreReadAsTheyWereInserted() throws {
        let platform = try platform()
        for (id, headers) in [("a", #"'{"X-B": "2", "x-a": "\u002B"}'"#), ("b", "NULL"), ("c", "'{}'"), ("d", #"' {"x\u002da":"1"} '"#)] {
            try insert(platform, id, headers)
        }
        let store = try SQLiteStore(path: path, now: now)
        let found = try store.arrivals(limit: 9).map(\.event.headers)
        let wanted: [[EventHeader]] = [
            [EventHeader(name: "x-b", value: "2"), EventHeader(name: "x-a", value: "+")], [], [], [EventHeader(name: "x-a", value: "1")],
        ]
        #expect(found == wanted)
        for event in try store.arrivals(limit: 9).map(\.event) { #expect(AcceptedEvent(event, isChecked: false).problem == nil) }
    }

    @Test(arguments: verbs)
    func wrongHeadersAreRefusedByNameWhateverTheClause(_ verb: String) throws {
        let platform = try platform()
        let long = String(repeating: "v", count: 4094)
        let many = (0..<17).map { #""x-\#($0)":"v""# }.joined(separator: ",")
        for (wrong, words) in [
            ("''", "one JSON object"), ("7", "one JSON object"), ("x'7b7d'", "one JSON object"), ("'[]'", "one JSON object"),
            (#"'{"x-a":"1"}' || char(0) || 'x'"#, "one JSON object"), (#"'{"x-a":"1\u0000"}'"#, "one JSON object"),
            (#"'{"x-a":1}'"#, "texts of visible"), (#"'{"x-a":null}'"#, "texts of visible"), (#"'{"x-a":{"b":"1"}}'"#, "texts of visible"),
            (#"'{"x-a":""}'"#, "texts of visible"), (#"'{"x-a":" 1"}'"#, "texts of visible"), (#"'{"x-a":"1 "}'"#, "texts of visible"),
            (#"'{"x-a":"1\r\nhost: x"}'"#, "texts of visible"), (#"'{"x-a":"é"}'"#, "texts of visible"),
            (#"'{"x-a":"\ud800"}'"#, "texts of visible"), (#"'{"x a":"1"}'"#, "names of 1 to 128"), (#"'{"":"1"}'"#, "names of 1 to 128"),
            (#"'{"x\r\na":"1"}'"#, "names of 1 to 128"), (#"'{"\#(String(repeating: "n", count: 129))":"1"}'"#, "names of 1 to 128"),
            (#"'{"x-a":"1","X-A":"1"}'"#, "a name twice"), (#"'{"x-a":"\#(long)"}'"#, "at most 4096 bytes"), ("'{\(many)}'", "at most 16"),
            (#"'{"Host":"1"}'"#, "leave it out"), (#"'{"Authorization":"1"}'"#, "leave it out"), (#"'{"h\u006fst":"1"}'"#, "leave it out"),
        ] {
            let message = refusal(platform, "wrong", wrong, verb)
            #expect(message?.contains("posthorn_outbox.headers ") == true && message?.contains(words) == true, "\(wrong): \(message ?? "")")
        }
        #expect(try platform.integer("SELECT count(*) FROM posthorn_outbox") == 0)
        // At the bounds.
        try insert(platform, "long", #"'{"x-a":"\#(long.dropLast())"}'"#, verb)
        try insert(platform, "many", "'{\(many.dropFirst(10))}'", verb)
        #expect(try platform.integer("SELECT count(*) FROM posthorn_outbox") == 2)
    }

    /// The library and the tables refuse the same names, and take the same.
    @Test func whatIsReservedForTheLibraryIsForTheTables() throws {
        let platform = try platform()
        let prefixed = EventHeaders.reservedPrefixes.flatMap { ["\($0)x", String($0.dropLast())] }
        let names = Array(EventHeaders.reservedNames) + prefixed + ["x-tenant", "contents", "x-te", "tracestate", "a^-_`|~!#$%&*+."]
        for (number, name) in names.enumerated() {
            let isReserved = (try? EventHeaders.check([EventHeader(name: name, value: "v")])) == nil
            for (id, spelling) in [("lower-\(number)", name), ("upper-\(number)", name.uppercased())] {
                let message = refusal(platform, id, #"'{"\#(spelling)":"v"}'"#)
                #expect((message?.contains("leave it out") ?? false) == isReserved, "\(spelling): \(message ?? "taken")")
            }
        }
    }

    @Test func theSameIDWithOtherHeadersIsAnotherEvent() throws {
        let platform = try platform()
        try insert(platform, "with", #"'{"x-a":"1","x-b":"2"}'"#)
        try insert(platform, "without", "NULL")
        for (id, same) in [
            ("with", #"'{"x-a":"1","x-b":"2"}'"#), ("with", #"'{"X-B": "2", "X-A": "1"}'"#), ("without", "NULL"), ("without", "'{}'"),
        ] { #expect(refusal(platform, id, same) == nil, "\(id) \(same)") }
        for (id, other) in [
            ("with", "NULL"), ("with", #"'{"x-a":"1"}'"#), ("with", #"'{"x-a":"1","x-b":"2","x-c":"3"}'"#),
            ("with", #"'{"x-a":"1","x-b":"3"}'"#),
            ("without", #"'{"x-a":"1"}'"#),
        ] {
            #expect(refusal(platform, id, other)?.contains("with other content") == true, "\(id) \(other)")
        }
        #expect(try platform.integer("SELECT count(*) FROM posthorn_outbox") == 2)
    }

    @Test func eventsOfAnEarlierBuildHaveNoHeadersAndNewOnesMay() throws {
        do {
            let earlier = try SQLiteConnection(path: path, creating: true)
            try Migrator(Array(Migrations.sqlite.prefix(19))).migrate(earlier, now: 0)
            try earlier.execute("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')")
            try earlier.execute("INSERT INTO posthorn_outbox (id, type, node, data) VALUES ('old', 'T', 's1', '{}')")
        }
        let store = try SQLiteStore(path: path, now: now)
        #expect(try store.schemaDifferences().isEmpty)
        let platform = try SQLiteConnection(path: path, creating: false)
        // By a statement that the program made before.
        try platform.execute("INSERT INTO posthorn_outbox (id, type, node, data) VALUES ('as-before', 'T', 's1', '{}')")
        try insert(platform, "new", #"'{"x-a":"1"}'"#)
        let found = try ["old", "as-before", "new"].map { try store.event(id: $0)?.event.headers.map(\.name) }
        #expect(found == [[], [], ["x-a"]])
        #expect(try store.arrivals(limit: 9).count == 3)
    }
}
