import PosthornModel
import PosthornStore
import PosthornText
import Testing

/// What each action by hand does to a delivery.
@Suite struct DeliveryChangeTests {
    private let now = Timestamp(milliseconds: 1_000_000)
    private let later = Timestamp(milliseconds: 1_060_000)

    private func row(
        _ state: DeliveryState,
        attempts: Int = 2,
        due: Timestamp? = nil,
        round: DeliveryRound = DeliveryRound(),
        movedTo current: Int64 = 7
    ) -> DeliveryRow {
        let endpoint = DeliveryRow.Endpoint(id: "crm", state: .active, revision: current, scheduleAttempts: 5)
        return DeliveryRow(state: state, attempts: attempts, due: due, round: round, revision: 7, endpoint: endpoint)
    }

    @Test(arguments: DeliveryState.allCases)
    func anActionIsRefusedInEveryStateThatDoesNotAllowIt(_ state: DeliveryState) {
        for action in [DeliveryAction.retry, .retryAtCurrentURL, .resend, .cancel] {
            let change = action.change(of: row(state, due: now, movedTo: 8), at: now)
            #expect((change != nil) == action.states.contains(state), "\(action) of \(state)")
            if let change, change.state != state { #expect(state.legalMoves.contains(change.state), "\(action) of \(state)") }
        }
    }

    @Test func aRetryOfAPendingOneKeepsItsSchedule() throws {
        let change = try #require(DeliveryAction.retry.change(of: row(.pending, due: later), at: now))
        #expect(change == DeliveryChange(state: .pending, due: now, round: DeliveryRound(base: 0, scheduledAt: later), revision: 7))
        let whole = try #require(DeliveryAction.retry.change(of: row(.pending, due: later), wholeRound: true, at: now))
        #expect(whole.round == DeliveryRound(base: 2))
    }

    @Test func anExhaustedOneGetsOneAttemptUnlessAWholeRoundIsAskedFor() throws {
        let one = try #require(DeliveryAction.retry.change(of: row(.exhausted, attempts: 5), at: now))
        #expect(one.round.base == 1 && one.due == now)
        let whole = try #require(DeliveryAction.retry.change(of: row(.exhausted, attempts: 5), wholeRound: true, at: now))
        #expect(whole.round.base == 5)
    }

    @Test func aResendBeginsANewRound() throws {
        let change = try #require(DeliveryAction.resend.change(of: row(.delivered, attempts: 3), at: now))
        #expect(change == DeliveryChange(state: .pending, due: now, round: DeliveryRound(base: 3), revision: 7))
    }

    @Test func cancelledDeliveryIsNotDue() throws {
        let planned = row(.pending, due: now, round: DeliveryRound(base: 1, scheduledAt: later))
        let change = try #require(DeliveryAction.cancel.change(of: planned, at: now))
        #expect(change == DeliveryChange(state: .cancelled, due: nil, round: DeliveryRound(base: 1), revision: 7))
    }

    @Test func aHeldOneMovesToTheCurrentURLAndStaysHeld() throws {
        let held = row(.held, due: later, round: DeliveryRound(base: 1), movedTo: 8)
        let change = try #require(DeliveryAction.retryAtCurrentURL.change(of: held, at: now))
        #expect(change == DeliveryChange(state: .held, due: later, round: DeliveryRound(base: 1), revision: 8))
        #expect(DeliveryAction.retryAtCurrentURL.change(of: row(.held, movedTo: 7), at: now) == nil)
        #expect(DeliveryAction.retryAtCurrentURL.change(of: row(.exhausted, movedTo: 8), at: now)?.revision == 8)
        #expect(DeliveryAction.retry.change(of: row(.exhausted, movedTo: 8), at: now)?.revision == 7)
    }
}
