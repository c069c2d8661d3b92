import PosthornModel
import PosthornText
@testable import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Synchronization

/// A pool with the loopback opened, and what has come back from it.
final class Bench: Sendable {
    struct State {
        var results: [SendResult] = []
        var recalled: [SendJob] = []
        var faults: [String] = []
    }
    private final class Box: Sendable {
        let state = Mutex(State())
        let waker: Waker
        init() throws(SystemProblem) { waker = try Waker() }
    }

    let pool: SenderPool
    private let box: Box

    convenience init(_ configure: (inout SenderConfiguration) throws -> Void = { _ in }) throws {
        try self.init(lookup: SystemLookup.ask, configure)
    }

    init(
        serversAnswer: @escaping @Sendable () -> Bool? = { true },
        lookup: @escaping NameResolver.Lookup,
        _ configure: (inout SenderConfiguration) throws -> Void = { _ in }
    ) throws {
        var configuration = SenderConfiguration()
        configuration.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8"), try CIDR("::1")])
        try configure(&configuration)
        let box = try Box()
        self.box = box
        pool = try SenderPool(
            configuration,
            clock: SystemClock(),
            lookup: lookup,
            serversAnswer: serversAnswer,
            onRecalled: { jobs in
                box.state.withLock { $0.recalled += jobs }
                box.waker.signal()
            },
            onFault: { fault, detail in
                box.state.withLock { $0.faults.append("\(fault.rawValue) \(detail == nil ? "over" : "begins")") }
                box.waker.signal()
            },
            onResults: { results in
                box.state.withLock { $0.results += results }
                box.waker.signal()
            }
        )
    }

    deinit { pool.abort() }

    var results: [SendResult] { box.state.withLock { $0.results } }
    var recalled: [SendJob] { box.state.withLock { $0.recalled } }

    /// Waits until so many results are there; a test that passes never waits for the end of the time.
    @discardableResult
    func waitForResults(_ count: Int, seconds: Int64 = 30) -> [SendResult] {
        wait(seconds) { $0.results.count >= count }
        return results
    }

    @discardableResult
    func waitForRecalled(_ count: Int, seconds: Int64 = 30) -> [SendJob] {
        wait(seconds) { $0.recalled.count >= count }
        return recalled
    }

    /// Waits until it has been told of so many faults, or that they are over.
    func waitForFaults(_ count: Int, seconds: Int64 = 30) -> [String] {
        wait(seconds) { $0.faults.count >= count }
        return box.state.withLock { $0.faults }
    }

    private func wait(_ seconds: Int64, _ condition: (borrowing State) -> Bool) {
        let end = MonotonicClock.nanoseconds() + seconds * 1_000_000_000
        while !box.state.withLock({ condition($0) }) {
            let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
            if left <= 0 { return }
            box.waker.wait(milliseconds: left)
        }
    }

    /// A target with a plain composer.
    static func target(
        _ url: String,
        key: Int64 = 1,
        method: RequestMethod = .post,
        timeout: Int = 20_000,
        inFlight: Int = 32,
        rate: Double? = nil,
        owners: [String] = []
    ) throws -> SendTarget {
        SendTarget(
            key: key,
            url: try EndpointURL(url),
            method: method,
            timeoutMilliseconds: timeout,
            inFlightLimit: inFlight,
            ratePerSecond: rate,
            composer: PlainComposer(method),
            owners: owners
        )
    }

    static func job(_ id: Int64, _ target: SendTarget, body: String = "{}") -> SendJob {
        let event = Event(id: "e\(id)", type: "T", node: "n", created: Timestamp(milliseconds: 0), data: Array(body.utf8))
        return SendJob(id: id, attempt: 1, event: AcceptedEvent(event), target: target)
    }

    func send(to receiver: MisbehavingReceiver, body: String = "{}", id: Int64 = 1, timeout: Int = 20_000) {
        guard let target = try? Self.target(receiver.url, timeout: timeout) else { return }
        pool.submit([Self.job(id, target, body: body)])
    }

    /// Sends one job and gives back what came of it.
    func outcome(of url: String, body: String = "{}", method: RequestMethod = .post, timeout: Int = 20_000) throws -> AttemptOutcome? {
        let count = results.count
        pool.submit([Self.job(1, try Self.target(url, method: method, timeout: timeout), body: body)])
        let all = waitForResults(count + 1)
        return all.count > count ? all[count].outcome : nil
    }
}

/// The event's data as it is, with two headers.
final class PlainComposer: RequestComposer {
    private let method: RequestMethod
    init(_ method: RequestMethod) { self.method = method }

    func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        if event.event.data == Array("unbuildable".utf8) { throw InputProblem(field: "data.id", reason: "is missing") }
        if method == .get {
            request.query = event.event.data
        } else {
            request.addHeader("content-type", "application/json".utf8)
            request.body = event.event.data
        }
        request.addHeader("x-delivery", "\(attempt)".utf8)
    }
}
