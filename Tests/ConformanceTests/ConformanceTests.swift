import PosthornModel
import Testing

/// What the engine really sends, over real sockets, judged by other implementations than ours.
///
/// Set `POSTHORN_CONFORMANCE_SEED` to repeat a run. Where a judge cannot be had the test is skipped and says why; with
/// `CI=true` it fails.
@Suite(.serialized) struct ConformanceTests {
    @Test(.enabled(if: Judge.libraries.takesPart, "the judge cannot be had here; a line above says why"))
    func theVendorsLibrariesAcceptEveryRequest() throws { try everyRequestIsRight(.libraries) }

    @Test(.enabled(if: Judge.python.takesPart, "the judge cannot be had here; a line above says why"))
    func thePythonReceiverAcceptsEveryRequest() throws { try everyRequestIsRight(.python) }

    @Test(.enabled(if: Judge.node.takesPart, "the judge cannot be had here; a line above says why"))
    func theNodeReceiverAcceptsEveryRequest() throws { try everyRequestIsRight(.node) }

    @Test(.enabled(if: Judge.swift.takesPart, "the judge cannot be had here; a line above says why"))
    func theSwiftReceiverAcceptsEveryRequest() throws {
        // It reads JSON with code of this house, so it judges less, and unoptimised it reads a megabyte slowly.
        try everyRequestIsRight(.swift, eventsPerFormat: 200)
    }

    private func everyRequestIsRight(_ judge: Judge, eventsPerFormat count: Int = 1000) throws {
        guard judge.isThere() else { return }
        var run = try ConformanceRun(judge, eventsPerFormat: count)
        let result = try run.result()
        #expect(result.failures.isEmpty, "seed \(run.seed), the first of what was not answered 200")
        #expect(result.finding.mismatches == 0, "seed \(run.seed): \(result.finding.reasons)")
        #expect(result.finding.repeated == 0, "seed \(run.seed): a request was sent twice")
        for format in run.formats {
            #expect(result.finding.right["/" + format.name] == count, "seed \(run.seed), \(format.name)")
        }
    }

    /// A judge that finds nothing wrong must be one that can.
    @Test(.enabled(if: Judge.libraries.takesPart, "the judge cannot be had here; a line above says why"))
    func theJudgesFindAWrongSecretAndAWrongByte() throws {
        guard Judge.libraries.isThere() else { return }
        let signed = Judge.libraries.formats.filter { $0.signature != .none }
        var otherSecrets = try ConformanceRun(.libraries, eventsPerFormat: 4, formats: signed)
        otherSecrets.hooks = signed.map { $0.withAnotherSecret() }
        let refused = try otherSecrets.result().finding
        #expect(refused.right.values.allSatisfy { $0 == 0 } && refused.mismatches == 4 * signed.count, "\(refused)")

        // A query holds values and no blanks between them.
        let bodies = Judge.libraries.formats.filter { $0.method == .post }
        var otherBytes = try ConformanceRun(.libraries, eventsPerFormat: 4, formats: bodies)
        otherBytes.expected = otherBytes.events.map { $0.withABlankMore() }
        let mistaken = try otherBytes.result().finding
        #expect(mistaken.right.values.allSatisfy { $0 == 0 } && mistaken.mismatches == 4 * bodies.count, "\(mistaken)")
    }
}
