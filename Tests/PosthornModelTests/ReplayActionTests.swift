import PosthornModel
import PosthornText
import Testing

/// What jobs do, in the words in which they are stored.
@Suite struct ReplayActionTests {
    @Test func wordsAreReadAsTheyAreWritten() {
        let all: [Replay.Action] = [
            .replay, .cancel, .retry(), .retry(atCurrentURL: true), .retry(wholeRound: true, atCurrentURL: true),
        ]
        #expect(all.map(\.text) == ["replay", "cancel", "retry", "retry,current_url", "retry,whole_round,current_url"])
        for action in all { #expect(Replay.Action(text: action.text) == action) }
        for text in ["", "resend", "replay,whole_round", "cancel,current_url", "retry,cancel", "whole_round"] {
            #expect(Replay.Action(text: text) == nil, "\(text)")
        }
    }

    @Test func whatCannotBeDoneToAStateIsRefusedWithARemedy() throws {
        func refusal(_ action: Replay.Action, _ states: Set<DeliveryState>) -> String? {
            var selection = Replay.Selection()
            selection.states = states
            var job = Replay(scope: nil, selection, created: Timestamp(milliseconds: 0))
            job.action = action
            do throws(InputProblem) { try job.check() } catch { return "\(error.value ?? ""): \(error.reason)" }
            return nil
        }
        #expect(refusal(.retry(), [.pending, .exhausted]) == nil && refusal(.cancel, [.pending, .held, .exhausted]) == nil)
        #expect(refusal(.retry(atCurrentURL: true), [.held]) == nil)
        #expect(refusal(.retry(), [.held])?.hasPrefix("held: can be pending and exhausted") == true)
        #expect(refusal(.cancel, [.delivered]) == "delivered: can be pending, held and exhausted: what was delivered cannot be taken back")
        #expect(refusal(.replay, [.pending]) == "pending: can be delivered and exhausted: what waits goes out by itself")
    }
}
