import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText
import Synchronization

/// One client of the stream: how far it is, and what it may see. Written to by the hub's thread alone.
final class StreamListener: @unchecked Sendable {
    // What changes is used by the hub's thread alone, after it was made.
    let keyID: String?
    let share: String
    let outbox: ScopedOutbox
    private let stream: HTTPResponseStream
    private var next: Int
    private var isReset: Bool
    private var delivered = 0
    private var exhausted = 0
    private var lastFigures: Int64 = 0

    /// Deliveries that one look writes at most.
    private static let batch = 500
    private static let figuresNanoseconds: Int64 = 1_000_000_000

    /// - Parameters:
    ///   - next: The number of the first delivery that it gets.
    ///   - isReset: Whether it asked to go on where that is not possible any more.
    init(_ request: APIRequest, _ stream: HTTPResponseStream, next: Int, isReset: Bool) {
        keyID = request.grant.keyID
        share = request.grant.share
        outbox = request.outbox
        self.stream = stream
        self.next = next
        self.isReset = isReset
    }

    /// Writes what is new, as far as the client has room for it.
    /// - Returns: Whether the client is still there.
    func write(_ log: StreamLog, run: String, at now: Int64) -> Bool {
        guard let view = try? outbox.topology() else { return true }
        let (first, lost, entries) = log.read(from: next, limit: Self.batch)
        var out: [UInt8] = []
        if isReset { out += ServerSentEvent(id: StreamPosition(run: run, number: first - 1).text, type: "reset", data: "{}").bytes }
        if lost > 0 { out += ServerSentEvent(type: "lost", data: Self.line { $0.add("deliveries", lost) }).bytes }
        var counts = (delivered: 0, exhausted: 0)
        for (offset, entry) in entries.enumerated() where isVisible(entry, view) {
            if entry.state == .delivered { counts.delivered += 1 } else { counts.exhausted += 1 }
            let position = StreamPosition(run: run, number: first + offset)
            out += ServerSentEvent(id: position.text, type: "delivery", data: JSONLine(entry).text).bytes
        }
        let hasFigures = now - lastFigures >= Self.figuresNanoseconds
        if hasFigures {
            let (delivered, exhausted) = (self.delivered + counts.delivered, self.exhausted + counts.exhausted)
            let text = Self.line {
                $0.add("delivered", delivered)
                $0.add("exhausted", exhausted)
            }
            out += ServerSentEvent(type: "figures", data: text).bytes
        }
        if out.isEmpty {
            next = first + entries.count
            return true
        }
        switch stream.write(out) {
        case .gone: return false
        // The same is tried again at the next look, with what has come since, and without what is too old by then.
        case .full: return true
        case .taken:
            next = first + entries.count
            isReset = false
            delivered = hasFigures ? 0 : delivered + counts.delivered
            exhausted = hasFigures ? 0 : exhausted + counts.exhausted
            if hasFigures { lastFigures = now }
            return true
        }
    }

    /// Where the event happened and the endpoint are both in the tree.
    private func isVisible(_ entry: SettledDelivery, _ view: TopologyView) -> Bool {
        guard let top = outbox.node else { return true }
        guard let endpoint = view.endpoint(entry.endpoint)?.settings.node else { return false }
        return view.isWithin(entry.node, top) && view.isWithin(endpoint, top)
    }

    /// No more is written.
    func end() { stream.end() }

    private static func line(_ body: (inout JSONLine) -> Void) -> String {
        var line = JSONLine()
        body(&line)
        return line.text
    }
}

extension JSONLine {
    /// A delivery that was settled.
    init(_ entry: SettledDelivery) {
        self.init()
        add("delivery", String(entry.delivery))
        add("event", entry.event)
        add("type", entry.type)
        add("node", entry.node)
        add("endpoint", entry.endpoint)
        add("state", entry.state.rawValue)
        add("attempt", entry.attempt)
        add("status", entry.status)
        add("error", entry.error?.rawValue)
    }
}
