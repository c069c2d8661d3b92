import Glibc
import Posthorn
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornCLI

@Suite struct FailureDigestTests {
    private let second: Int64 = 1_000_000_000

    private func failure(_ endpoint: String, _ error: String = "timeout", isExhausted: Bool = false) -> FailureDigest.Failure {
        FailureDigest.Failure(endpoint: endpoint, error: error, isExhausted: isExhausted)
    }

    @Test func fewFailuresHaveTheirOwnLines() {
        var digest = FailureDigest()
        for i in 0..<60 {
            // Twenty a second.
            let (hasLine, earlier) = digest.note(failure("a"), at: Int64(i / 20) * second)
            #expect(hasLine && earlier == nil)
        }
        #expect(digest.due == nil)
    }

    @Test func theOthersOfASecondAreSummedUpWhenItIsOver() throws {
        var digest = FailureDigest()
        for i in 0..<1000 {
            let hasLine = digest.note(failure(i < 600 ? "a" : "b", i < 900 ? "timeout" : "tls", isExhausted: i == 999), at: 5).hasLine
            #expect(hasLine == (i < FailureDigest.linesPerSecond))
        }
        #expect(digest.due == second + 5)
        let early = digest.summary(at: second + 4)
        #expect(early == nil)
        let due = digest.summary(at: second + 5)
        let summary = try #require(due)
        #expect(summary.level == .error && summary.event == "attempts_failed" && summary.failure == nil)
        #expect(summary.sentence == "980 further attempts failed within a second")
        #expect(
            summary.fields == [
                .init("count", 980), .init("exhausted", 1), .init("endpoints", 2), .init("most_at", "a"),
                .init("errors", "timeout 880, tls 100"),
            ]
        )
        let later = digest.summary(at: 9 * second)
        #expect(digest.due == nil && later == nil)
    }

    /// The summary of what has failed is no news from behind the end.
    @Test(.limited()) func theSummaryComesBeforeTheEnd() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let writer = try LogWriter(format: .text, showsProgress: false, descriptor: ends[1])
        for i in 0..<(FailureDigest.linesPerSecond + 5) {
            writer.log(LogRecord(.warn, "attempt_failed", "attempt \(i) failed", failure: failure("a")))
        }
        writer.log(LogRecord(.draining))
        writer.log(LogRecord(.warn, "attempt_failed", "the last attempt failed", failure: failure("a")))
        writer.log(LogRecord(.stopped))
        writer.close()
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(ends[0], &bytes, bytes.count)
        let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").map(String.init)
        let summaries = lines.indices.filter { lines[$0].contains("failed within a second") }
        let draining = try #require(lines.firstIndex { $0.contains("draining") })
        let stopped = try #require(lines.firstIndex { $0.contains("stopped") })
        #expect(summaries.first == draining - 1 && stopped == lines.count - 1)
        #expect(summaries.allSatisfy { $0 < stopped })
    }

    @Test func aLateFailureBringsTheSummaryOfTheEarlierSecond() {
        var digest = FailureDigest()
        for _ in 0..<21 { _ = digest.note(failure("a"), at: 0) }
        let (hasLine, earlier) = digest.note(failure("a"), at: 7 * second)
        #expect(hasLine && earlier?.sentence == "1 further attempt failed within a second" && earlier?.level == .warn)
        #expect(digest.due == nil)
    }

    @Test func theEndDoesNotWaitForTheSecond() {
        var digest = FailureDigest()
        for _ in 0..<30 { _ = digest.note(failure("a"), at: 0) }
        let summary = digest.summary(at: 1, isEnd: true)
        #expect(summary?.fields.first == .init("count", 10))
    }

    /// Every failure is in a line or in a sum, whatever the threads do.
    @Test func failureDigestLosesNothingAndKeepsTheLogShort() throws {
        let (folder, path, descriptor) = try logFile()
        let log = try LogWriter(format: .json, showsProgress: false, descriptor: descriptor)
        for i in 0..<50_000 {
            log.log(LogRecord(.warn, "attempt_failed", "attempt failed", failure: failure("e\(i % 7)")), at: Timestamp(milliseconds: 0))
        }
        #expect(log.close() == 0)
        let lines = try folder.contents(path).split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
        let own = lines.count { $0["event"] == .string("attempt_failed") }
        let summed = lines.filter { $0["event"] == .string("attempts_failed") }.reduce(0) { sum, line in
            guard case .number(let text)? = line["count"] else { return sum }
            return sum + (Int(text) ?? 0)
        }
        #expect(own + summed == 50_000 && own.isMultiple(of: FailureDigest.linesPerSecond), "\(own) + \(summed)")
    }

    @Test func aLowerLevelIsLeftOut() throws {
        let (folder, path, descriptor) = try logFile()
        let log = try LogWriter(format: .text, level: .warn, showsProgress: false, descriptor: descriptor)
        for level in LogRecord.Level.allCases { log.log(LogRecord(level, "x", "\(level)")) }
        log.close()
        let lines = folder.contents(path).split(separator: "\n")
        #expect(lines.map { $0.split(separator: " ").last.map(String.init) } == ["warn", "error"])
    }

    @Test func atTheLowestLevelEachFailureHasALine() throws {
        let (folder, path, descriptor) = try logFile()
        let log = try LogWriter(format: .text, level: .debug, showsProgress: false, descriptor: descriptor)
        for _ in 0..<500 { log.log(LogRecord(.warn, "attempt_failed", "attempt failed", failure: failure("a"))) }
        log.close()
        #expect(folder.contents(path).split(separator: "\n").count == 500)
    }

    private func logFile() throws -> (folder: PosthornProcess, path: String, descriptor: Int32) {
        let folder = try PosthornProcess()
        let path = folder.write("", to: "log")
        let descriptor = open(path, O_WRONLY)
        try #require(descriptor >= 0)
        return (folder, path, descriptor)
    }
}
