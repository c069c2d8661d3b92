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

    @Test func wordIsGivenBeforeItIsDisabled() {
        let policy = HealthPolicy(disableAfterMilliseconds: 10_000_000)
        var health = EndpointHealth(at: start)
        var told: [Int] = []
        for step in 0..<30 {
            let time = Int64(step) * 500_000
            if health.note(outcome(time, .status, 500), policy) != nil, health.state == .disabled {
                #expect(time == 10_000_000 && told == [50, 75, 90])
            }
            if let notice = health.takeNotice(at: at(time), policy) {
                told.append(notice)
                #expect(time * 100 >= Int64(notice) * 10_000_000)
            }
        }
        #expect(health.state == .disabled && health.actor == .engine && health.reason == "http_status 500")
        #expect(health.failingSince == start && told == [50, 75, 90])
    }

    /// Where attempts are rare the last notice is given first, and the attempt after that disables.
    @Test func neitherOneAnswerNorALongPauseDisables() {
        let policy = HealthPolicy(disableAfterMilliseconds: 10_000_000)
        var health = EndpointHealth(at: start)
        for time: Int64 in [0, 1, 50_000_000] { _ = health.note(outcome(time, .timeout), policy) }
        #expect(health.state == .failing)
        #expect(health.takeNotice(at: at(50_000_000), policy) == 90)
        #expect(health.takeNotice(at: at(60_000_000), policy) == nil)
        #expect(health.note(outcome(60_000_000, .timeout), policy) == .failing)
        #expect(health.state == .disabled)
        #expect(health.note(outcome(70_000_000, nil, 200), policy) == nil && health.state == .disabled)
    }

    @Test func whenItIsDisabledIsKnownFromTheFirstFailureOn() {
        let policy = HealthPolicy(suspendAfter: 4, disableAfterMilliseconds: 10_000_000)
        var health = EndpointHealth(at: start)
        #expect(health.disablesAt == nil)
        for time: Int64 in [5, 6, 7, 8] {
            _ = health.note(outcome(time, .timeout), policy)
            #expect(health.disablesAt == at(10_000_005))
        }
        #expect(health.state == .suspended)
        // Another policy counts from the same failure on.
        var other = health
        let changes: [(HealthPolicy, Bool, Timestamp?)] = [
            (HealthPolicy(disableAfterMilliseconds: 20_000_000), true, at(20_000_005)),
            (HealthPolicy(disableAfterMilliseconds: 20_000_000), false, at(20_000_005)), (HealthPolicy(suspendAfter: 4), true, nil),
        ]
        for (policy, isChanged, end) in changes {
            let found = other.adopt(policy)
            #expect(found == isChanged && other.disablesAt == end)
        }
        _ = health.takeNotice(at: at(9_500_000), policy)
        _ = health.note(outcome(10_000_005, .timeout), policy)
        #expect(health.state == .disabled && health.disablesAt == nil)
        _ = other.adopt(policy)
        _ = other.note(outcome(60_008, nil, 200), policy)
        #expect(other.state == .healthy && other.disablesAt == nil)
    }

    @Test func goneIsConfirmedByALaterAnswer() {
        let policy = HealthPolicy(disableAfterMilliseconds: nil, goneDisables: true)
        var health = EndpointHealth(at: start)
        #expect(health.note(outcome(0, .status, 410), policy) == .healthy && health.state == .failing)
        #expect(health.note(outcome(59_999, .status, 410), policy) == nil)
        // Another answer in between starts over.
        #expect(health.note(outcome(60_000, .status, 500), policy) == nil)
        #expect(health.note(outcome(70_000, .status, 410), policy) == nil)
        #expect(health.note(outcome(130_000, .status, 410), policy) == .failing && health.state == .disabled)
        var other = EndpointHealth(at: start)
        for step in 0..<20 { _ = other.note(outcome(Int64(step) * 100_000, .status, 410), self.policy) }
        #expect(other.state == .suspended)
    }

    @Test func anEndpointsOwnSettingsGoFirst() {
        let usual = HealthPolicy(suspendAfter: 20, disableAfterMilliseconds: 7_200_000, goneDisables: true)
        #expect(HealthPolicy(nil, default: nil) == nil)
        #expect(HealthPolicy(nil, default: usual) == usual)
        let own = HealthPolicy(HealthSettings(suspendAfter: 5, disableAfterMilliseconds: 0), default: usual)
        #expect(own == HealthPolicy(suspendAfter: 5, disableAfterMilliseconds: nil, goneDisables: true))
        #expect(HealthPolicy(HealthSettings(suspendAfter: 0, disableAfterMilliseconds: 0, goneDisables: false), default: usual) == nil)
        #expect(HealthPolicy(HealthSettings(goneDisables: true), default: nil)?.goneDisables == true)
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
        let policy = HealthPolicy(suspendAfter: 4, disableAfterMilliseconds: 3_600_000, goneDisables: true)
        var generator = SeededGenerator(seed: 17)
        var health = EndpointHealth(at: start)
        var seen: Set<String> = []
        for step in 0..<200_000 {
            let former = health.state
            let time = Int64(step) * 100_000
            switch Int.random(in: 0..<60, using: &generator) {
            case 0:
                if health.state == .disabled { health = EndpointHealth(at: at(time)) } else { health = .disabledByHand(nil, at: at(time)) }
            case 1: _ = health.note(outcome(time, .status, 410), policy)
            case 2..<8: _ = health.note(outcome(time, nil), policy)
            default: _ = health.note(outcome(time, .timeout), policy)
            }
            _ = health.takeNotice(at: at(time), policy)
            if health.state == former, former != .suspended { continue }
            #expect(former.legalMoves.contains(health.state), "\(former) to \(health.state)")
            seen.insert("\(former) to \(health.state)")
        }
        #expect(seen == Set(moves))
    }
}
