import Glibc
import PosthornTestSupport
import Testing

@testable import PosthornCLI

/// SIGHUP to a running engine.
@Suite(.limited()) struct RunReloadTests {
    private func arguments(_ words: String...) throws -> ParsedArguments { try ParsedArguments(words, for: RunCommand.specification) }

    @Test func changedSettingsAreGroupedByWhetherTheyCanBeApplied() throws {
        let old = try arguments("--threads", "1", "--drain", "5s", "--smtp", "smtp://a", "--mail-from", "a@b.example")
        let new = try arguments("--threads", "2", "--drain", "6s", "--smtp", "smtp://b", "--mail-from", "a@b.example", "--log", "json")
        let both = RunReload.difference(old, new, hasMail: true)
        #expect(both.applied == ["drain", "smtp"] && both.needsRestart == ["log", "threads"])
        // A mail server that comes or goes needs a restart.
        #expect(RunReload.difference(try arguments(), new, hasMail: false).needsRestart == ["log", "mail-from", "smtp", "threads"])
        #expect(RunReload.difference(old, try arguments(), hasMail: true).needsRestart == ["mail-from", "smtp", "threads"])
        #expect(RunReload.difference(old, old, hasMail: true) == .init())
    }

    @Test func aRunningEngineTakesOverWhatItCanAndNamesTheRest() throws {
        let posthorn = try PosthornProcess()
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let topology = """
            {"nodes": [{"id": "s", "level": "site", "notification_contact": {"email": "a@example.com"}}],
             "endpoints": [{"id": "e", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo", "retry": ["0"]}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        let (first, second) = (try SMTPServer(), try SMTPServer())
        func settings(_ server: SMTPServer, _ more: String) -> String {
            let mail = #""smtp": "smtp://127.0.0.1:\#(server.port)", "smtp_allow_plain": true, "mail_from": "p@example.com""#
            return posthorn.write(#"{"allow": "127.0.0.0/8", "log": "json", \#(mail)\#(more)}"#, to: "settings.json")
        }
        let (engine, log) = try posthorn.startLogging("run", "--settings", settings(first, ""))
        #expect(log.wait(for: #""event":"started""#))
        engine.send(SIGHUP)
        #expect(log.wait(for: "none has changed"))
        _ = settings(second, #", "log_level": "warn", "threads": 1"#)
        engine.send(SIGHUP)
        #expect(log.wait(for: #""event":"reloaded""#) && log.wait(for: #""applied":"log_level,smtp","needs_restart":"threads""#))
        #expect(try posthorn.run("emit", posthorn.write(SampleTopology.event("e1", node: "s"), to: "event")).status == 0)
        second.waitForMails(1)
        #expect(first.mails.isEmpty)
        _ = posthorn.write(#"{"allow": 7}"#, to: "settings.json")
        engine.send(SIGHUP)
        #expect(log.wait(for: #""event":"reload_failed""#, seconds: 60))
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
    }

    /// A terminal that is closed sends SIGHUP as well; then nobody wants new settings.
    @Test func theEndOfItsTerminalEndsARun() throws {
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(#"{"nodes": []}"#, to: "topology.json")).status == 0)
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN, macros that are not imported: it may be opened, and its number.
        var (lock, number): (Int32, Int32) = (0, 0)
        try #require(terminal >= 0 && ioctl(terminal, 0x4004_5431, &lock) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0)
        let name = "/dev/pts/\(number)"
        let engine = try posthorn.start(["run"], [name, posthorn.write("", to: "run-stdout"), posthorn.write("", to: "run-stderr")])
        #expect(posthorn.waitForError("started"))
        close(terminal)
        engine.send(SIGHUP)
        #expect(engine.wait() == 0)
    }
}
