import PosthornHTTP
import PosthornModel
package import PosthornSending
import PosthornSystem
import Synchronization

/// Passes on to another URL what a receiver gets, and gives back what that answers.
package final class Relay: Sendable {
    /// What a receiver does with the answer.
    typealias Take = @Sendable (HTTPResponse) -> Void

    private struct Job: Sendable {
        let request: HTTPRequest
        /// How often it is passed on; the last answer counts.
        let times: Int
        let take: Take
    }

    private struct State {
        var waiting: [Job] = []
        var next = 0
        var isEnded = false
    }

    private final class Queue: Sendable {
        let state = Mutex(State())
        let waker: Waker

        init() throws(SystemProblem) { waker = try Waker() }

        /// The next request; `nil` when there is none, and whether there will be none.
        func next() -> (job: Job?, isEnded: Bool) {
            let (job, isMore, isEnded) = take()
            // Many signals wake one thread at the least: the one that is awake wakes another for what is left.
            if isMore || isEnded { waker.signal() }
            return (job, isEnded)
        }

        private func take() -> (job: Job?, isMore: Bool, isEnded: Bool) {
            state.withLock { state in
                guard state.next < state.waiting.count else {
                    state.waiting.removeAll(keepingCapacity: true)
                    state.next = 0
                    return (nil, false, state.isEnded)
                }
                let job = state.waiting[state.next]
                state.next += 1
                // What is done is let go of, also where the queue is never empty.
                if state.next >= 256, state.next * 2 >= state.waiting.count {
                    state.waiting.removeFirst(state.next)
                    state.next = 0
                }
                return (job, state.next < state.waiting.count, false)
            }
        }
    }

    /// Whether a request is answered 200 at once, before it is passed on.
    package let answersAtOnce: Bool
    private let queue: Queue
    private let threads: [WorkerThread]

    /// Requests that are passed on at once; further ones wait for their turn.
    package static let limit = 32
    /// The largest answer that is given back.
    package static let answerLimitBytes = 64 << 20

    /// - Parameters:
    ///   - url: Where to.
    ///   - timeoutMilliseconds: The deadline of a request.
    ///   - answersAtOnce: Whether requests are answered 200 before they are passed on.
    ///   - failed: Is told in one line why a request was not passed on, on threads of the relay.
    /// - Throws: `InputProblem` when the URL leads nowhere it may lead, ``SystemProblem`` when the system lacks threads or descriptors.
    package init(
        to url: EndpointURL,
        timeoutMilliseconds: Int = EndpointSettings.defaultTimeoutMilliseconds,
        answersAtOnce: Bool,
        guard: EgressGuard,
        caFile: String? = nil,
        failed: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        let addresses = try HostAddresses.reachable(of: url, guard: `guard`)
        let queue = try Queue()
        self.queue = queue
        self.answersAtOnce = answersAtOnce
        threads = try (0..<Self.limit).map { number in
            try WorkerThread(name: "relay-\(number)") {
                let requests = SerialRequests(
                    to: addresses,
                    timeoutMilliseconds: timeoutMilliseconds,
                    bodyLimitBytes: Self.answerLimitBytes,
                    guard: `guard`,
                    caFile: caFile
                )
                while true {
                    let (job, isEnded) = queue.next()
                    if let job {
                        var response = HTTPResponse()
                        for _ in 0..<max(1, job.times) { response = Self.pass(job.request, url, requests, failed) }
                        job.take(response)
                    } else if isEnded {
                        return
                    } else {
                        queue.waker.wait(milliseconds: nil)
                    }
                }
            }
        }
    }

    private static func pass(
        _ request: HTTPRequest,
        _ base: EndpointURL,
        _ requests: SerialRequests,
        _ failed: (String) -> Void
    ) -> HTTPResponse {
        func failure(_ text: String, status: Int) -> HTTPResponse {
            failed("\(request.method) \(InputProblem.printable(request.target)) was not passed on: \(text)")
            return .text("not passed on: \(text)\n", status: status)
        }
        do throws(InputProblem) {
            let url = try EndpointURL(RelayedMessage.url(base.text, request.target))
            do throws(SingleRequestProblem) {
                let answer = try requests.perform(
                    url,
                    method: request.method,
                    headers: RelayedMessage.requestHeaders(request.headers),
                    body: request.body
                )
                var response = HTTPResponse(
                    status: answer.status,
                    headers: RelayedMessage.answerHeaders(answer.headers),
                    body: answer.body
                )
                if request.method == "HEAD" { response.absentBody = RelayedMessage.absentBody(answer.headers) }
                return response
            } catch {
                return failure(error.description, status: error.error == .timeout ? 504 : 502)
            }
        } catch {
            return failure(error.description, status: 502)
        }
    }

    /// Passes a request on.
    /// - Parameters:
    ///   - times: How often; the last answer counts.
    ///   - take: Gets the answer, on a thread of the relay; 502 or 504 where none came.
    func pass(_ request: HTTPRequest, times: Int, _ take: @escaping Take) {
        let isEnded = queue.state.withLock { state in
            if !state.isEnded { state.waiting.append(Job(request: request, times: times, take: take)) }
            return state.isEnded
        }
        if isEnded { return take(.text("the receiver is stopping\n", status: 503)) }
        queue.waker.signal()
    }

    /// Passes on what waits, within its deadlines, and ends. To be called once.
    package func end() {
        queue.state.withLock { $0.isEnded = true }
        queue.waker.signal()
        for thread in threads { thread.join() }
    }
}
