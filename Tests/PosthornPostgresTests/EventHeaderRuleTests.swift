#if PostgreSQL
import PosthornModel
import PosthornPostgres
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

/// The column `headers` of an outbox in PostgreSQL, as other programs write it: the same rules as the library's and SQLite's.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 300)) struct EventHeaderRuleTests {
    private let server: PostgresServer
    private let address: String

    init() throws {
        server = try PostgresServer.shared()
        address = try server.makeDatabase()
        _ = try PostgresLocation(address).open(sealing: nil, at: Timestamp(milliseconds: 1_594_816_394_000))
        try server.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
    }

    /// Why a row is refused; `nil` when it is taken.
    private func refusal(_ id: String, _ headers: String) -> String? {
        do {
            try server.run(
                "INSERT INTO posthorn_outbox (id, type, node, data, headers) VALUES ('\(id)', 'T', 's1', '{}', \(headers))",
                in: address
            )
            return nil
        } catch { return "\(error)" }
    }

    @Test func wrongHeadersAreRefusedByName() throws {
        for (wrong, words) in [
            ("''", "one JSON object"), ("'[]'", "one JSON object"), (#"'{"x-a":'"#, "one JSON object"),
            (#"'{"x-a":"1\u0000"}'"#, "one JSON object"), (#"'{"x-a":"\ud800"}'"#, "one JSON object"),
            (#"'{"x-a":1}'"#, "texts of visible"), (#"'{"x-a":null}'"#, "texts of visible"), (#"'{"x-a":""}'"#, "texts of visible"),
            (#"'{"x-a":" 1"}'"#, "texts of visible"), (#"'{"x-a":"1\r\nhost: x"}'"#, "texts of visible"),
            (#"'{"x-a":"é"}'"#, "texts of visible"), (#"'{"x a":"1"}'"#, "names of 1 to 128"), (#"'{"":"1"}'"#, "names of 1 to 128"),
            (#"'{"x-a":"1","X-A":"1"}'"#, "a name twice"),
            (#"'{"x-a":"\#(String(repeating: "v", count: 4094))"}'"#, "at most 4096 bytes"),
            (#"'{\#((0..<17).map { #""x-\#($0)":"v""# }.joined(separator: ","))}'"#, "at most 16"),
            (#"'{"h\u006fst":"1"}'"#, "leave it out"),
        ] {
            let message = refusal("wrong", wrong)
            #expect(message?.contains("posthorn_outbox.headers ") == true && message?.contains(words) == true, "\(wrong): \(message ?? "")")
        }
        #expect(try server.run("SELECT count(*) FROM posthorn_outbox", in: address) == "0\n")
    }

    @Test func whatIsReservedForTheLibraryIsForTheTables() {
        let prefixed = EventHeaders.reservedPrefixes.flatMap { ["\($0)x", String($0.dropLast())] }
        let names = Array(EventHeaders.reservedNames) + prefixed + ["x-tenant", "contents", "x-te", "tracestate", "a^-_`|~!#$%&*+."]
        for (number, name) in names.enumerated() {
            let isReserved = (try? EventHeaders.check([EventHeader(name: name, value: "v")])) == nil
            let message = refusal("e-\(number)", #"'{"\#(name.uppercased())":"v"}'"#)
            #expect((message?.contains("leave it out") ?? false) == isReserved, "\(name): \(message ?? "taken")")
        }
    }

    @Test func theSameIDWithOtherHeadersIsAnotherEvent() {
        for (id, same) in [
            ("with", #"'{"x-a":"1","x-b":"2"}'"#), ("with", #"'{"X-B": "2", "X-A": "1"}'"#), ("without", "NULL"), ("without", "'{}'"),
        ] { #expect(refusal(id, same) == nil, "\(id) \(same)") }
        for (id, other) in [("with", "NULL"), ("with", #"'{"x-a":"1","x-b":"3"}'"#), ("without", #"'{"x-a":"1"}'"#)] {
            #expect(refusal(id, other)?.contains("with other content") == true, "\(id) \(other)")
        }
    }
}
#endif
