import Posthorn
import PosthornModel
import PosthornText
import PosthornSending
import PosthornSystem
import Synchronization

/// Webio's custom value requests of a simulation: before a message goes out, the platform asks the receiver for the values of
/// the text's `<<fields>>`, for that customer and channel. One after the other, on a thread of its own, so that a receiver
/// that is slow to answer does not hold events back.
final class ValueAsker: Sendable {
    /// The result of the requests.
    struct Counts: Sendable {
        var asked = 0
        var answered = 0
        /// What was wrong with the first one that was not answered well.
        var problem: String?
    }

    private struct State {
        var waiting: [(customer: String?, channel: String)] = []
        var isClosing = false
        var counts = Counts()
        var thread: WorkerThread?
    }

    private let state = Mutex(State())
    private let waker: Waker
    private let ask: @Sendable (_ customer: String?, _ channel: String) throws -> Void

    /// - Parameter ask: Asks a receiver and throws what is wrong with its answer.
    init(_ ask: @escaping @Sendable (_ customer: String?, _ channel: String) throws -> Void) throws(SystemProblem) {
        self.ask = ask
        waker = try Waker()
        let thread = try WorkerThread(name: "posthorn-ask") { [self] in loop() }
        state.withLock { $0.thread = thread }
    }

    /// Asks about the customer of an event, if it is a message that the platform sends.
    func note(_ event: ScenarioEvent) {
        guard event.type == "messageSend", let data = try? JSONValue.parse(event.data),
            case .string(let channel) = data["outboundChannelAddress"], case .string(let customer) = data["customerUID"]
        else { return }
        state.withLock { $0.waiting.append((customer.isEmpty ? nil : customer, channel)) }
        waker.signal()
    }

    /// Waits for what is still to be asked, unless it is to be dropped, and ends the thread.
    func close(dropping: Bool) -> Counts {
        let thread = state.withLock { state in
            if dropping { state.waiting = [] }
            state.isClosing = true
            defer { state.thread = nil }
            return state.thread
        }
        waker.signal()
        thread?.join()
        return state.withLock { $0.counts }
    }

    private func loop() {
        while true {
            let (next, isClosing) = state.withLock { state in
                (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosing)
            }
            guard let next else {
                if isClosing { return }
                waker.wait(milliseconds: nil)
                continue
            }
            var problem: String?
            do { try ask(next.customer, next.channel) } catch { problem = "\(error)" }
            state.withLock { state in
                state.counts.asked += 1
                if problem == nil { state.counts.answered += 1 }
                if state.counts.problem == nil { state.counts.problem = problem }
            }
        }
    }
}
