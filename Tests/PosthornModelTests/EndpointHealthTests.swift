import Glibc
import PosthornModel
import PosthornText
import Testing

/// How an endpoint does, by its attempts in a row.
@Suite struct EndpointHealthTests {
    private let start = Timestamp(milliseconds: 1_594_816_394_000)
    private let policy = HealthPolicy(suspendAfter: 4)

    private func at(_ milliseconds: Int64) -> Timestamp { start.advanced(byMilliseconds: milliseconds) }

    private func outcome(_ milliseconds: Int64, _ error: AttemptError?, _ status: Int? = nil) -> AttemptOutcome {
        AttemptOutcome(started: at(milliseconds), durationMicroseconds: 0, status: status, error: error)
    }

    @Test func failuresInARowMakeItFailAndThenSuspendIt() {
        var health = EndpointHealth(at: start)
        #expect(health.note(outcome(0, .timeout), policy) == nil)
        #expect(health.state == .healthy)
        #expect(health.note(outcome(1, .status, 500), policy) == .healthy)
        #expect(health.state == .failing)
        #expect(health.since == at(1) && health.reason == "http_status 500" && health.until == nil)
        #expect(health.note(outcome(2, .timeout), policy) == nil)
        #expect(health.note(outcome(3, .timeout), policy) == .failing)
        #expect(health.state == .suspended)
        #expect(health.until == at(60_003) && health.failures == 4 && health.since == at(3))
    }

    @Test func aProbeThatFailsDoublesThePauseUpToAnHour() {
        var health = EndpointHealth(at: start)
        for i in 0..<4 { _ = health.note(outcome(Int64(i), .timeout), policy) }
        // What was on the wire already is none.
        #expect(health.note(outcome(10, .timeout), policy) == nil)
        #expect(health.probes == 0)
        #expect(health.failures == 4)
        var pauses: [Int64] = []
        for _ in 0..<8 {
            let probe = (health.until?.milliseconds ?? 0) - start.milliseconds
            #expect(health.note(outcome(probe, .connect), policy) == .suspended)
            pauses.append(((health.until?.milliseconds ?? 0) - start.milliseconds - probe) / 60_000)
        }
        #expect(pauses == [2, 4, 8, 16, 32, 60, 60, 60])
        #expect(health.note(outcome(1_000_000_000, nil, 200), policy) == .suspended)
        #expect(health.state == .healthy)
        #expect(health.failures == 0)
    }

    @Test func oneSuccessBreaksTheRow() {
        var health = EndpointHealth(at: start)
        for i in 0..<100 { #expect(health.note(outcome(Int64(i), i.isMultiple(of: 2) ? .timeout : nil), policy) == nil) }
        #expect(health.state == .healthy)
    }

    @Test func faultsOfThisMachineDoNotCountAgainstAnEndpoint() {
        var health = EndpointHealth(at: start)
        for error in [AttemptError.unbuildable, .resources, .other] {
            for _ in 0..<10 { #expect(health.note(outcome(0, error), policy) == nil) }
        }
        #expect(health.failures == 0)
    }

    @Test func itMovesAsThePageHasIt() {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        guard let stream = fopen(root + "/Sources/Posthorn/Posthorn.docc/Operating.md", "rb") else {
            Issue.record("the page cannot be read")
            return
        }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let page = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, stream)], as: UTF8.self)
        let rows = page.matches(of: #/(?m)^\| `(\w+)` \| `(\w+)` \|/#).map { "\($0.1) to \($0.2)" }
        let moves = EndpointHealth.State.allCases.flatMap { from in from.legalMoves.map { "\(from) to \($0)" } }
        #expect(rows.sorted() == moves.sorted())
        var generator = SeededGenerator(seed: 17)
        var health = EndpointHealth(at: start)
        var seen: Set<String> = []
        for step in 0..<20_000 {
            let former = health.state
            let fails = Int.random(in: 0..<6, using: &generator) > 0
            if let told = health.note(outcome(Int64(step) * 100_000, fails ? .timeout : nil), policy) {
                #expect(told == former && former.legalMoves.contains(health.state))
                seen.insert("\(former) to \(health.state)")
            } else {
                #expect(health.state == former)
            }
        }
        #expect(seen == Set(moves))
    }
}
