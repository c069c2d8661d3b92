#if PostgreSQL
import Glibc
import PosthornStore
import PosthornTestSupport
import Testing

/// `posthorn migrate-store`, over real files and a real server, killed again and again.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 600)) struct StoreMoveTests {
    private static let binary = Command.product("posthorn")
    private let server: PostgresServer
    private let folder: TemporaryDirectory

    init() throws {
        server = try PostgresServer.shared()
        folder = try TemporaryDirectory()
    }

    private func posthorn(_ words: [String], input: String = "", status: Int32 = 0) throws -> String {
        let file = try #require(fopen(folder.file("input"), "w"))
        fputs(input, file)
        fclose(file)
        let result = try Command.run([Self.binary] + words, input: folder.file("input"))
        try #require((result.status == 0) == (status == 0), "\(words): \(result.output)")
        return result.output
    }

    private func write(_ text: String, to name: String) throws -> String {
        let file = try #require(fopen(folder.file(name), "w"))
        fputs(text, file)
        fclose(file)
        return folder.file(name)
    }

    /// Three sites: one whose receiver answers, one whose receiver never does, and one that is switched off.
    private func makeOutbox(_ address: String, _ url: String, events: Int) throws {
        func endpoint(_ id: String, _ node: String, _ path: String) -> String {
            #"{"id":"\#(id)","node":"\#(node)","vendor":"standard","url":"\#(url)/\#(path)","credentials":{"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}"#
        }
        let nodes =
            #"{"id":"r1","level":"reseller"},"# + (1...3).map { #"{"id":"s\#($0)","level":"site","parent":"r1"}"# }.joined(separator: ",")
        let endpoints = [endpoint("good", "s1", "good"), endpoint("bad", "s2", "bad"), endpoint("off", "s3", "off")].joined(separator: ",")
        let topology = #"{"nodes":[\#(nodes)],"endpoints":[\#(endpoints)]}"#
        _ = try posthorn(["apply", "--db", address, write(topology, to: "topology.json")])
        _ = try posthorn(["endpoint", "disable", "--db", address, "off"])
        let lines = (1...events).map { #"{"id":"e\#($0)","type":"MEETING","node":"s\#($0 % 3 + 1)","data":{"i":\#($0),"name":"Zoë"}}"# }
        _ = try posthorn(["emit", "--db", address], input: lines.joined(separator: "\n") + "\n")
        _ = try posthorn(["key", "create", "--db", address, "--can", "read", "--name", "n"])
    }

    private func status(_ address: String) throws -> [Substring] {
        let text = try posthorn(["status", "--json", "--db", address])
        let start = try #require(text.firstRange(of: #""deliveries":"#))
        return text[start.lowerBound...].split(separator: "}", maxSplits: 1).prefix(1).map { $0 }
    }

    /// Runs a move and kills it after so many lines, until it says that it is done.
    private func move(_ from: String, _ to: String, killingAfter lines: [Int]) throws -> String {
        let words = ["migrate-store", "--from", from, "--to", to, "--rows", "7"]
        for count in lines {
            let program = try BackgroundProgram([Self.binary] + words)
            _ = program.wait { $0.split(separator: "\n").count >= count }
            program.stop(SIGKILL)
            // It may have come to its end before it was killed.
            if program.output.contains("none differs") { return program.output }
        }
        return try posthorn(words)
    }

    @Test(.enabled(if: Pooler.isInstalled, "pgbouncer is not installed (Debian: pgbouncer)"))
    func aPoolerIsRefusedBeforeAnythingIsShut() throws {
        let (file, database) = (folder.file("one.db"), try server.makeDatabase())
        try makeOutbox(file, "http://127.0.0.1:1", events: 3)
        let pooled = try Pooler.shared().address(of: server.name(of: database))
        let refused = try posthorn(["migrate-store", "--from", file, "--to", pooled], status: 1)
        #expect(refused.contains("by way of a pooler") && refused.contains("the server's own address"), "\(refused)")
        _ = try posthorn(["emit", "--db", file], input: #"{"id":"late","type":"MEETING","node":"s1","data":{}}"# + "\n")
        #expect(try posthorn(["migrate-store", "--from", file, "--to", database]).contains("none differs"))
    }

    @Test func anOutboxGoesThereAndBackHoweverOftenItIsKilledAndNothingIsSentTwice() throws {
        let receiver = try MisbehavingReceiver { $0.target.hasSuffix("/bad") ? .status(500, body: "no") : .ok }
        let (file, back) = (folder.file("one.db"), folder.file("two.db"))
        let database = try server.makeDatabase()
        try makeOutbox(file, receiver.url, events: 300)
        // Some are delivered, some wait for another attempt, some are held, and some have not begun.
        let beginning = try BackgroundProgram([Self.binary, "run", "--db", file, "--allow", "127.0.0.0/8"])
        _ = receiver.waitForRequests(60)
        #expect(beginning.stop() == 0, "\(beginning.output)")
        _ = try posthorn(["emit", "--db", file], input: #"{"id":"late","type":"MEETING","node":"s1","data":{}}"# + "\n")
        let before = try status(file)
        let first = try move(file, database, killingAfter: [0, 1, 2, 3, 4, 5, 6])
        #expect(first.contains("301 events") && first.contains("none differs"), "\(first)")
        #expect(try status(database) == before)
        // The same again does nothing, and the old one takes nothing more.
        #expect(try posthorn(["migrate-store", "--from", file, "--to", database]).contains("before; nothing was done"))
        for words in [["status"], ["run"], ["emit"], ["doctor"]] {
            #expect(try posthorn(words + ["--db", file], status: 1).contains("was moved to postgresql://"))
        }
        let insert = "INSERT INTO posthorn_outbox (type, node, data) VALUES ('T', 's1', '{}')"
        let refused = try Command.run([
            "python3", "-c", "import sqlite3,sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])", file, insert,
        ])
        #expect(refused.status != 0 && refused.output.contains("insert there"), "\(refused.output)")
        // It lives: what waited goes out, and a platform's insert.
        try server.run(insert, in: database)
        let engine = try BackgroundProgram([Self.binary, "run", "--db", database, "--allow", "127.0.0.0/8"])
        try server.wait(for: "SELECT count(*) FROM posthorn_settled WHERE state = 'delivered'", in: database) { $0 == "102" }
        #expect(engine.stop() == 0, "\(engine.output)")
        let moved = try status(database)
        let second = try move(database, back, killingAfter: [1, 3, 5])
        #expect(second.contains("302 events"), "\(second)")
        #expect(try status(back) == moved)
        for (sql, words) in [(insert, "insert there"), ("UPDATE posthorn_count SET commits = 0", "was moved to")] {
            #expect(throws: PostgresServerProblem.self) { try server.run(sql, in: database) }
            let answer = try Command.run([PostgresServer.psql, database, "-c", sql])
            #expect(answer.output.contains(words), "\(answer.output)")
        }
        _ = try posthorn(["emit", "--db", back], input: #"{"id":"last","type":"MEETING","node":"s1","data":{}}"# + "\n")
        let end = try BackgroundProgram([Self.binary, "run", "--db", back, "--allow", "127.0.0.0/8"])
        while !receiver.requests.contains(where: { $0.header("webhook-id") == "last" }) { sched_yield() }
        #expect(end.stop() == 0, "\(end.output)")
        // What is due again may be late by now, which the doctor finds as well.
        let doctor = try Command.run([Self.binary, "doctor", "--db", back, "--json"]).output
        for check in ["integrity", "schema"] { #expect(doctor.contains(#"{"severity":"ok","check":"\#(check)""#), "\(doctor)") }
        // Each attempt of each delivery was made once, in whichever of the three.
        let good = receiver.requests.filter { $0.target.hasSuffix("/good") }.compactMap { $0.header("webhook-id") }
        #expect(good.count == 103 && Set(good).count == 103)
        let bad = receiver.requests.filter { $0.target.hasSuffix("/bad") }.compactMap { $0.header("webhook-id") }
        #expect(Set(bad).count == bad.count, "\(bad.count)")
    }

    @Test func aLiveSourceIsRefusedAndSoIsATargetInUse() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let (file, database, other) = (folder.file("live.db"), try server.makeDatabase(), try server.makeDatabase())
        try makeOutbox(file, receiver.url, events: 5)
        try makeOutbox(other, receiver.url, events: 5)
        func refusal(_ from: String, _ to: String) throws -> String {
            try posthorn(["migrate-store", "--from", from, "--to", to], status: 1)
        }
        #expect(try refusal(folder.file("none.db"), database).contains("there is no outbox"))
        #expect(try refusal(file, other).contains("with something in it"))
        #expect(try refusal(other, file).contains("with something in it"))
        // Other programs that have the file open.
        let holder = try BackgroundProgram([
            "python3", "-c",
            "import sqlite3,sys,time; c=sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM posthorn_node').fetchall(); "
                + "print('open',flush=True); time.sleep(600)", file,
        ])
        #expect(holder.wait { $0.contains("open") })
        #expect(try refusal(file, database).contains("has \(file) open"))
        holder.stop(SIGKILL)
        for source in [file, other] {
            let engine = try BackgroundProgram([Self.binary, "run", "--db", source, "--allow", "127.0.0.0/8"])
            #expect(engine.wait { $0.contains("started") }, "\(engine.output)")
            let target = source == file ? database : folder.file("new.db")
            #expect(try refusal(source, target).contains("posthorn run"))
            #expect(engine.stop() == 0)
        }
        // What was begun and not sealed is open still, and goes on.
        #expect(try posthorn(["status", "--db", file]).contains("event"))
        #expect(try posthorn(["status", "--db", database], status: 1).contains("is not complete"))
        #expect(try posthorn(["migrate-store", "--json", "--from", file, "--to", database]).contains(#""outbox":5,"#))
    }

    @Test func aMoveThatIsGivenUpLeavesTheOldOneAsItWas() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        for isFile in [true, false] {
            let source = isFile ? folder.file("old.db") : try server.makeDatabase()
            let target = isFile ? try server.makeDatabase() : folder.file("given-up.db")
            try makeOutbox(source, receiver.url, events: 30)
            let before = try status(source)
            let words = ["migrate-store", "--from", source, "--to", target]
            #expect(try posthorn(words + ["--abandon"], status: 1).contains("nothing to give up"))
            let program = try BackgroundProgram([Self.binary] + words + ["--rows", "1"])
            #expect(program.wait { $0.contains("posthorn_node") }, "\(program.output)")
            program.stop(SIGKILL)
            #expect(try posthorn(["status", "--db", source], status: 1).contains("was moved to"))
            #expect(try posthorn(words + ["--abandon"]).contains("is as it was before"))
            #expect(try status(source) == before)
            #expect(try posthorn(words, status: 1).contains("given up"))
            #expect(try posthorn(["status", "--db", target], status: 1).contains("given up"))
            _ = try posthorn(["emit", "--db", source], input: #"{"id":"more","type":"MEETING","node":"s1","data":{}}"# + "\n")
        }
    }

    @Test func everyColumnOfBothStoresIsCopiedOrLeftOutOnPurpose() throws {
        let database = try server.makeDatabase()
        _ = try posthorn(["apply", "--db", database, write(#"{"nodes":[],"endpoints":[]}"#, to: "empty.json")])
        _ = try posthorn(["apply", "--db", folder.file("columns.db"), folder.file("empty.json")])
        let own = Set(CopiedTable.all.flatMap { table in table.columns.map { "\(table.name).\($0.name)" } })
        let postgres = try server.run(
            """
            SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT attisdropped
            WHERE c.relkind IN ('r', 'v') AND c.relname LIKE 'posthorn\\_%'
            """,
            in: database
        )
        // What is made anew: leases, counts, and what a delivery's two tables have otherwise than the view over them.
        let left = ["migration", "setting", "count", "dispatcher", "shard", "pending", "settled", "sleeper"].map { "posthorn_\($0)." }
        let here: [String: String] = ["posthorn_portal_session.key": "posthorn_portal_session.number"]
        let ownNumbers: Set<String> = ["posthorn_access_key.key", "posthorn_arrival.rings"]
        for name in postgres.split(separator: "\n").map({ String($0) })
        where !left.contains(where: name.hasPrefix) && !ownNumbers.contains(name) {
            #expect(own.contains(here[name] ?? name), "\(name) is not copied")
        }
        let list = """
            import sqlite3,sys
            c = sqlite3.connect(sys.argv[1])
            for (t,) in c.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'posthorn_*'").fetchall():
                for column in c.execute("SELECT name FROM pragma_table_info(?)", (t,)): print(t + "." + column[0])
            """
        let columns = try Command.run(["python3", "-c", list, folder.file("columns.db")]).output.split(separator: "\n").map { String($0) }
        #expect(columns.count > 100)
        let alone: Set<String> = ["posthorn_migration.", "posthorn_setting.", "posthorn_count."]
        for name in columns where !alone.contains(where: name.hasPrefix) { #expect(own.contains(name), "\(name) is not copied") }
    }
}
#endif
