public import PosthornSystem
import Synchronization

/// A real TCP server on the loopback that answers as a test wants it to, well or badly, and remembers every whole request.
///
/// ```swift
/// let receiver = try MisbehavingReceiver { request in request.indexOnConnection == 0 ? .ok : .close }
/// … // send something to receiver.url
/// let requests = receiver.waitForRequests(2)
/// ```
public final class MisbehavingReceiver: Sendable {
    /// Decides what to do with a request.
    public typealias Behaviour = @Sendable (ReceivedRequest) -> Reply

    /// How a receiver behaves outside of its replies.
    public struct Options: Sendable {
        /// The address it listens on.
        public var host = "127.0.0.1"
        /// The port; 0 for a free one.
        public var port: UInt16 = 0
        /// What to do with a connection before anything is read from it.
        public var greeting: Reply?
        /// What to do as soon as a head has come, in place of waiting for the body.
        public var onHead: Reply?

        /// A receiver that waits for requests.
        public init() {}
    }

    private let waker: Waker
    private let worker: WorkerThread
    private let shared: ReceiverShared
    /// The port it listens on.
    public let port: UInt16
    /// The address it listens on.
    public let host: String

    /// Starts the receiver.
    /// - Throws: ``SystemProblem`` when the port is taken or the system lacks descriptors.
    public convenience init(_ behaviour: @escaping Behaviour) throws(SystemProblem) {
        try self.init(Options(), behaviour)
    }

    /// Starts the receiver.
    /// - Throws: ``SystemProblem`` when the port is taken or the system lacks descriptors.
    public init(_ options: Options, _ behaviour: @escaping Behaviour) throws(SystemProblem) {
        let listener = try Listener(host: options.host, port: options.port)
        port = listener.port
        host = options.host
        let waker = try Waker()
        self.waker = waker
        // The thread holds what is shared and not the receiver, so that a receiver ends with its scope.
        let shared = ReceiverShared()
        self.shared = shared
        worker = try WorkerThread(name: "receiver") {
            ReceiverLoop(listener, waker, shared, options, behaviour).run()
        }
    }

    deinit { stop() }

    /// `http://127.0.0.1:<port>/hook`
    public var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/hook" }

    /// Ends the receiver and its connections; its port refuses connections from then on.
    public func stop() {
        if shared.stop() {
            waker.signal()
            worker.join()
        }
    }

    /// The requests so far.
    public var requests: [ReceivedRequest] { shared.log.withLock { $0.requests } }
    /// Requests that came when their connection was finished, and were thrown away.
    public var crossing: [ReceivedRequest] { shared.log.withLock { $0.crossing } }
    /// Connections accepted so far.
    public var connectionCount: Int { shared.log.withLock { $0.connections } }
    /// Connections that are open now.
    public var openConnectionCount: Int { shared.log.withLock { $0.openConnections } }
    /// Bytes read so far.
    public var byteCount: Int { shared.log.withLock { $0.bytes } }

    /// Lets every reply that is held go on, and those that come later.
    public func release() {
        shared.log.withLock { $0.isReleased = true }
        waker.signal()
    }

    /// Waits until `count` requests have come.
    ///
    /// - Parameters:
    ///   - count: How many, since the start.
    ///   - seconds: The longest wait; only a test that fails ever waits so long.
    /// - Returns: The requests so far, fewer than `count` when the time was over.
    @discardableResult
    public func waitForRequests(_ count: Int, seconds: Int = 30) -> [ReceivedRequest] {
        shared.wait(seconds: seconds) { $0.requests.count >= count }
        return requests
    }

    /// Waits until so many connections have been accepted; `false` when the time was over.
    @discardableResult
    public func waitForConnections(_ count: Int, seconds: Int = 30) -> Bool {
        shared.wait(seconds: seconds) { $0.connections >= count }
    }

    /// Waits until the other side has closed all but `count` connections; `false` when the time was over.
    @discardableResult
    public func waitForOpenConnections(atMost count: Int, seconds: Int = 30) -> Bool {
        shared.wait(seconds: seconds) { $0.openConnections <= count }
    }

    /// Waits until so many replies have been carried out to their last step; `false` when the time was over.
    @discardableResult
    public func waitForStepsDone(_ count: Int, seconds: Int = 30) -> Bool {
        shared.wait(seconds: seconds) { $0.repliesDone >= count }
    }
}
