import PosthornStore
import Testing

/// What a move does next, by what its two outboxes are like: values alone.
@Suite struct StoreMoveStepTests {
    private static let source = CopyCondition(.used, identity: "one")
    private static let sealed = CopyCondition(.used, identity: "one", gate: CopyGate(.moved, identity: "one", other: "B"))
    private static let begun = CopyCondition(.used, identity: "new", gate: CopyGate(.filling, identity: "one", other: "A"))

    private func step(_ source: CopyCondition, _ target: CopyCondition) throws(OutboxProblem) -> StoreMove.Step {
        try StoreMove.step(from: source, "A", to: target, "B")
    }

    private func refusal(_ source: CopyCondition, _ target: CopyCondition) -> String {
        do throws(OutboxProblem) { return "not refused: \(try step(source, target))" } catch { return error.message }
    }

    @Test func aMoveBeginsGoesOnAndIsOnceDone() throws {
        #expect(try step(Self.source, CopyCondition(.missing)) == .begin)
        #expect(try step(Self.source, CopyCondition(.empty, identity: "new")) == .begin)
        // Killed before the old one was sealed, and after.
        #expect(try step(Self.source, Self.begun) == .goOn)
        #expect(try step(Self.sealed, Self.begun) == .goOn)
        #expect(try step(Self.sealed, CopyCondition(.used, identity: "one")) == .nothing)
    }

    @Test func whatWouldLoseSomethingOrSendItTwiceIsRefused() {
        let foreign = CopyCondition(.used, identity: "new", gate: CopyGate(.filling, identity: "two", other: "C"))
        #expect(refusal(CopyCondition(.missing), CopyCondition(.missing)).contains("there is no outbox A"))
        #expect(refusal(Self.source, CopyCondition(.used, identity: "two")).contains("something in it in B"))
        #expect(refusal(Self.source, CopyCondition(.used, identity: "one")).contains("something in it in B"))
        #expect(refusal(Self.source, foreign).contains("another outbox, C"))
        #expect(refusal(Self.source, Self.sealed).contains("was moved to B itself"))
        #expect(refusal(Self.begun, CopyCondition(.missing)).contains("not complete"))
        #expect(refusal(Self.sealed, CopyCondition(.missing)).contains("was moved to B before"))
        #expect(refusal(Self.sealed, CopyCondition(.used, identity: "two")).contains("was moved to B before"))
    }

    @Test func theGateIsReadAsItWasWritten() {
        let gate = CopyGate(.moved, identity: "one", other: "a file.db")
        #expect(CopyGate(name: "moved", text: gate.text) == gate)
        #expect(CopyGate(name: "001_outbox.sql", text: "x y") == nil && CopyGate(name: "moved", text: "x") == nil)
        #expect(gate.problem("A").message.contains("A was moved to a file.db") && gate.refusal.contains("insert there"))
    }
}
