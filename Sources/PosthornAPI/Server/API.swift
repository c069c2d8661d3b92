import Dispatch
package import Posthorn
package import PosthornHTTP
import PosthornModel
import PosthornSystem
import PosthornText
import Synchronization

/// The HTTP API of an outbox, without the sockets: decides over requests and answers them.
package final class API: Sendable {
    /// What the API is opened with.
    package struct Options: Sendable {
        /// What comes before every path, such as `/hooks`; empty for nothing.
        package var basePath = ""
        /// Where customers reach it, such as `https://hooks.example.com`, for links of portal sessions; `nil` for where each request came.
        package var publicOrigin: String?
        /// The sites that may show the dashboard in a frame.
        package var frameAncestors: [String] = []
        /// Whether the data of events and the answers of receivers are hidden, whatever the key.
        package var hidesPayloads = false
        /// Where requests can come from.
        package var isLoopback = true
        /// Whether they come through a Unix socket.
        package var isUnixSocket = false
        /// Which addresses endpoints' tests and verifications may reach.
        package var `guard` = EgressGuard()
        /// A PEM file of certificate authorities instead of the system's.
        package var caFile: String?
        /// Bytes of events that may wait for their commit.
        package var waitingBytes = 64 << 20
        /// Begins to tell what becomes of deliveries, for streams; `nil` where no engine runs beside the API.
        package var updates: (@Sendable () -> DeliveryUpdates)?
        /// What the engine beside it has done; `nil` while none delivers.
        package var engine: @Sendable () -> EngineStatistics? = { nil }
        /// Endpoints whose attempts have metrics of their own.
        package var metricsEndpoints: [String] = []
        /// Where copies of the outbox are made; `nil` for nowhere.
        package var backups: BackupFolder?
        /// Takes problems that are the server's own, for the log.
        package var report: @Sendable (HTTPRequestID, any Error) -> Void = { _, _ in }

        /// An API for this machine alone.
        package init() {}
    }

    let outbox: Outbox
    let options: Options
    let book: AccessBook
    let emitGate: EmitGate
    let requests: RequestMeter
    let statusCache = StatusCache()
    let hub: StreamHub
    let table: RouteTable
    let dashboard: Dashboard
    private let gate: Gate
    private let work: WorkQueue
    private let calls: WorkQueue

    /// Threads that read and write the outbox: fewer than its readers, so that lists of others find one free.
    static let workThreads = 3
    /// Requests of one share that they do at a time: one thread is always left for the others.
    static let workRunningEach = workThreads - 1
    /// Threads that call receivers.
    static let callThreads = 8
    /// Calls of one share at a time, so that receivers that hang hold up no other tenant's.
    static let callsRunningEach = 2
    /// Requests that may wait for each, in all and of one share.
    static let workLimit = 256
    static let workLimitEach = 64
    static let callLimit = 16
    static let callLimitEach = 4

    /// Opens the API of an outbox.
    package init(_ outbox: Outbox, _ options: Options = Options()) throws {
        self.outbox = outbox
        self.options = options
        emitGate = EmitGate(limitBytes: options.waitingBytes)
        book = try AccessBook(outbox)
        work = try WorkQueue(
            name: "api",
            threads: Self.workThreads,
            limit: Self.workLimit,
            limitEach: Self.workLimitEach,
            runningEach: Self.workRunningEach
        )
        calls = try WorkQueue(
            name: "api-call",
            threads: Self.callThreads,
            limit: Self.callLimit,
            limitEach: Self.callLimitEach,
            runningEach: Self.callsRunningEach
        )
        hub = try StreamHub(book, run: outbox.scoped(to: nil).makeRunID(), source: options.updates)
        let cookie = PortalCookie(
            basePath: options.basePath,
            isEmbedded: !options.frameAncestors.isEmpty,
            isAlwaysSecure: options.publicOrigin?.hasPrefix("https:") ?? false
        )
        let parts = APIParts(
            book: book,
            cookie: cookie,
            emitGate: emitGate,
            statusCache: statusCache,
            hub: hub,
            outbox: outbox,
            options: options
        )
        let metrics = MetricsSource(outbox, options)
        let routes = APIRoutes.all(parts, MetricsRoutes.metrics { metrics.page() })
        requests = RequestMeter(routes)
        metrics.requests.withLock { [requests] in $0 = requests }
        outbox.meter.watch(options.metricsEndpoints)
        table = RouteTable(routes, basePath: options.basePath)
        dashboard = Dashboard(basePath: options.basePath, frameAncestors: options.frameAncestors)
        gate = Gate(
            table: table,
            book: book,
            outbox: outbox,
            locality: options.isUnixSocket ? .unixSocket : options.isLoopback ? .loopback : .anywhere,
            cookie: cookie,
            withheld: options.hidesPayloads ? [.read] : [],
            clock: { outbox.scoped(to: nil).now }
        )
    }

    /// Ends its threads. The server must have stopped.
    package func close() {
        hub.close()
        options.backups?.close()
        work.close()
        // Each may wait for a receiver for as long as its endpoint allows.
        calls.close(dropping: true)
        book.close()
    }

    /// Whether there is, or was, a key.
    package var hasKeys: Bool { book.hasKeys }

    /// What becomes of a request, by its head.
    package func decide(_ head: HTTPRequestHead) -> HTTPDecision {
        if let page = dashboard.response(to: head) {
            return .noted(RequestNote(route: nil, name: dashboard.route(head.target.segments), keyID: nil), .answer(page))
        }
        let judgement = gate.judge(head)
        let note = RequestNote(route: judgement.route, name: judgement.route?.path, keyID: judgement.keyID)
        return .noted(note, decide(judgement.result))
    }

    private func decide(_ result: Result<APIRequest, APIProblem>) -> HTTPDecision {
        do throws(APIProblem) {
            let request = try result.get()
            switch request.route.handler {
            case .plain(let handler): return collect(request) { [self] in run(handler, $0, $1, on: work) }
            case .outbound(let handler): return collect(request) { [self] in run(handler, $0, $1, on: calls) }
            case .direct(let handler): return collect(request) { [self] in run(handler, $0, $1) }
            case .stream(let handler): return collect(request) { [self] in begin(handler, $0, $1) }
            case .lines(let stream, let whole):
                let share = request.grant.share
                if emitGate.isFull(share) { throw EmitGate.refusal }
                guard request.bodyType == EventRoutes.linesType else {
                    return collect(request) { [self] in run(whole, $0, $1) }
                }
                if !emitGate.openStream(share) {
                    throw APIProblem(.tooManyRequests, "too many streams of events are open", headers: [("Retry-After", "1")])
                }
                return .stream(limitBytes: nil) { _, responder in stream(request, responder) }
            }
        } catch {
            return .answer(error.response(basePath: options.basePath))
        }
    }

    private func collect(_ request: APIRequest, _ handler: @escaping @Sendable (APIRequest, HTTPResponder) -> Void) -> HTTPDecision {
        let basePath = options.basePath
        let whole = HTTPHandler.later { whole, responder in
            do throws(APIProblem) { handler(try request.with(body: whole.body), responder) } catch {
                responder.respond(error.response(basePath: basePath))
            }
        }
        return .collect(limitBytes: request.route.body?.limitBytes ?? Route.noBodyLimitBytes, whole)
    }

    private func run(
        _ handler: @escaping @Sendable (APIRequest) throws -> HTTPResponse,
        _ api: APIRequest,
        _ responder: HTTPResponder,
        on queue: WorkQueue
    ) {
        let isTaken = queue.submit(for: api.grant.share) { [self] in responder.respond(answer(api, handler))
        }
        if isTaken { return }
        let problem = APIProblem(.tooManyRequests, "too many requests wait", headers: [("Retry-After", "1")])
        responder.respond(problem.response(basePath: options.basePath))
    }

    private func run(_ handler: RouteHandler.DirectHandler, _ api: APIRequest, _ responder: HTTPResponder) {
        do { try handler(api) { responder.respond($0) } } catch { responder.respond(refusal(error, api.head.id)) }
    }

    private func begin(
        _ handler: (APIRequest, (HTTPResponse) -> HTTPResponseStream?) throws -> Void,
        _ api: APIRequest,
        _ responder: HTTPResponder
    ) {
        do { try handler(api) { responder.stream($0, isEndless: true) } } catch { responder.respond(refusal(error, api.head.id)) }
    }

    private func answer(_ request: APIRequest, _ handler: (APIRequest) throws -> HTTPResponse) -> HTTPResponse {
        do {
            let before = ChangeNotes.subject(of: request)
            let response = try Idempotency.answer(request, handler)
            ChangeNotes.note(request, response, before, book)
            return response
        } catch {
            return refusal(error, request.head.id)
        }
    }

    private func refusal(_ error: any Error, _ id: HTTPRequestID) -> HTTPResponse {
        let problem = APIProblem.from(error)
        if problem.code.status >= 500 { options.report(id, error) }
        return problem.response(basePath: options.basePath)
    }

    /// Answers a whole request on the caller's thread, as a socket would get it. For tests of handlers.
    package func respond(to request: HTTPRequest) -> HTTPResponse {
        if let page = dashboard.response(to: request.head) { return page }
        do throws(APIProblem) {
            let api = try gate.judge(request.head).result.get().with(body: request.body)
            if let limit = api.route.body?.limitBytes, request.body.count > limit { throw Gate.tooLarge(limit) }
            switch api.route.handler {
            case .plain(let handler), .outbound(let handler): return answer(api, handler)
            case .stream(let handler):
                // Its head alone: what is written later has nowhere to go.
                let head = ResponseBox()
                return answer(api) { api in
                    try handler(api) { response in
                        head.response.withLock { $0 = response }
                        return nil
                    }
                    return head.response.withLock { $0 }
                }
            case .direct(let handler), .lines(_, whole: let handler):
                let ready = DispatchSemaphore(value: 0)
                let box = ResponseBox()
                do {
                    try handler(api) { response in
                        box.response.withLock { $0 = response }
                        ready.signal()
                    }
                } catch {
                    return refusal(error, request.head.id)
                }
                ready.wait()
                return box.response.withLock { $0 }
            }
        } catch {
            return error.response(basePath: options.basePath)
        }
    }

    private final class ResponseBox: Sendable {
        let response = Mutex(HTTPResponse(status: 500))
    }
}

/// What routes are made with.
struct APIParts: Sendable {
    let book: AccessBook
    let cookie: PortalCookie
    let emitGate: EmitGate
    let statusCache: StatusCache
    let hub: StreamHub
    let outbox: Outbox
    let options: API.Options
}
