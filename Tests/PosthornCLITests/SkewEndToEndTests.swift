import PosthornModel
import PosthornText
import PosthornSystem
import PosthornTestSupport
import Testing

@testable import PosthornCLI

/// Receivers whose clocks are right while ours is not, as seen from the built command.
@Suite(.limited()) struct SkewEndToEndTests {
    /// `Date` as RFC 9110 writes it, so many seconds from now.
    private static func date(_ offset: Int64) -> String {
        let text = Timestamp(milliseconds: SystemClock().now().milliseconds + offset * 1000).description
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split { "-T:.".contains($0) }
        return "\(parts[2]) \(months[Int(parts[1])! - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
    }

    private func doctor(_ offset: Int64?) throws -> String {
        let receiver = try MisbehavingReceiver { _ in
            .status(200, headers: offset.map { [("Date", Self.date($0))] } ?? [], body: "ok")
        }
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(SampleTopology.json(url: receiver.url), to: "topology.json")).status == 0)
        #expect(try posthorn.run("emit", input: SampleTopology.event()).status == 0)
        #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").status == 0)
        return try posthorn.run("doctor").lines.first { $0.contains("  clock skew ") && $0.contains("receivers'") } ?? ""
    }

    @Test func theDatesOfAnswersShowHowFarOffTheClockIs() throws {
        #expect(try doctor(nil) == "")
        #expect(try doctor(0).hasPrefix("ok"))
        let behind = try doctor(600)
        #expect(behind.hasPrefix("problem") && behind.contains("behind receivers'") && behind.contains("1 endpoint"), "\(behind)")
        let ahead = try doctor(-120)
        #expect(ahead.hasPrefix("warn") && ahead.contains("ahead of receivers'"), "\(ahead)")
    }

    @Test func theSeverityFollowsTheSize() {
        func severity(_ seconds: Int64) -> Finding.Severity {
            OutboxChecks.clock(ClockSkew(milliseconds: seconds * 1000, endpoints: 3), at: Timestamp(milliseconds: 0)).severity
        }
        #expect([0, 5, -29, 30, -299, 300, -86_400].map(severity) == [.ok, .ok, .ok, .warn, .warn, .problem, .problem])
    }
}
