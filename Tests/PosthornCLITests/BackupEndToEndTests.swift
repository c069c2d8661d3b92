import Glibc
import PosthornTestSupport
import Testing

/// `posthorn backup` beside a running engine, and `posthorn restore`.
@Suite(.limited()) struct BackupEndToEndTests {
    @Test func aRestoredBackupSendsWhatWasPendingAndNothingThatWasDelivered() throws {
        let posthorn = try PosthornProcess()
        let receiver = try MisbehavingReceiver { _ in .ok }
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}],
             "endpoints": [{"id": "up", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo", "events": ["A_*"]},
                           {"id": "off", "node": "s", "url": "\(receiver.url)", "vendor": "conference", "events": ["B_*"],
                            "credentials": {"token": "a-very-secret-token"}}]}
            """
        let key = posthorn.write(String(repeating: "ab", count: 32), to: "key")
        let flags = ["--key-file", key]
        #expect(try posthorn.run(["apply", posthorn.write(topology, to: "topology.json")] + flags).status == 0)
        #expect(try posthorn.run("endpoint", "disable", "off").status == 0)
        func event(_ id: String, _ type: String) -> String { #"{"id": "\#(id)", "type": "\#(type)", "node": "s", "data": {}}"# }
        let (engine, log) = try posthorn.startLogging(["run", "--allow", "127.0.0.0/8", "--log", "json", "--log-level", "trace"] + flags)
        #expect(try posthorn.run("emit", posthorn.write(event("a1", "A_1") + "\n" + event("b1", "B_1"), to: "events")).status == 0)
        #expect(log.wait(for: #""event":"delivered""#))
        let backup = posthorn.directory.file("backup.db")
        let made = try posthorn.run("backup", backup)
        #expect(made.output.hasPrefix("\(backup): 2 events and 2 deliveries, ") && made.output.hasSuffix(", checked\n"), "\(made.errors)")
        #expect(!posthorn.contents(backup).contains("a-very-secret-token"))
        // Delivered after the backup was taken, and unknown to it.
        #expect(try posthorn.run("emit", posthorn.write(event("a2", "A_1"), to: "events")).status == 0)
        #expect(log.wait(for: #""event_id":"a2""#))

        let live = try posthorn.run("restore", "--replace", backup)
        #expect(live.status == 1 && live.errors.contains("an engine delivers from"), "\(live.errors)")
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
        let kept = try posthorn.run("restore", backup)
        #expect(kept.status == 1 && kept.errors.contains("add --replace, which moves it aside"), "\(kept.errors)")
        let restored = try posthorn.run("restore", "--replace", backup)
        #expect(
            restored.status == 0 && restored.output.contains("1 delivery delivered, not sent again"),
            "\(restored.output)\(restored.errors)"
        )
        #expect(restored.output.contains("0 pending and 1 held") && restored.output.contains(".replaced-"))
        #expect(try posthorn.run("event", "a2").status == 1)

        #expect(try posthorn.run("endpoint", "enable", "off").status == 0)
        #expect(try posthorn.run(["run", "--until-settled", "--allow", "127.0.0.0/8"] + flags).status == 0)
        #expect(receiver.requests.count == 3)
        #expect(try posthorn.run(["doctor"] + flags).output.contains("ok       integrity"))
    }

    @Test func missingFilesAreNamed() throws {
        let posthorn = try PosthornProcess()
        let none = try posthorn.run("backup", posthorn.directory.file("b.db"))
        #expect(none.status == 1 && none.errors.contains("there is no outbox"))
        let missing = try posthorn.run("restore", posthorn.directory.file("b.db"))
        #expect(missing.status == 1 && missing.errors.contains("there is no backup"))
        #expect(access(posthorn.database, F_OK) != 0)
        #expect(try posthorn.run("backup", "-").status == 2)
    }
}
