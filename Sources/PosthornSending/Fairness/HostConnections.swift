/// How many connections one receiver's host has earned, and over which of a thread's multi handles its requests go.
///
/// A cold host gets one handshake at a time, and one more with each that has led to an answer, as long as requests wait: so a
/// burst for a receiver that answers at once goes over a few connections, and one for a slow receiver soon over as many as
/// its endpoints may have in flight. Without that a host gets as many handshakes as it has requests waiting, which costs most
/// when the processor is short of time already.
///
/// A value without a clock; times are monotonic nanoseconds.
struct HostConnections {
    /// How a request is to go.
    struct Way: Hashable {
        /// The multi handle.
        let shard: Int
        /// Whether a connection has to be opened for it; else one is idle.
        let isOpening: Bool
    }

    /// How a request has ended, as far as it says something about the host's connections.
    enum Ending: Hashable {
        /// The receiver answered, well or badly.
        case answered
        /// Nobody listens. That costs neither side anything, so a backlog may find out quickly.
        case refused
        /// No TLS could be agreed on.
        case disagreed
        /// Its time was over, or something else went wrong.
        case failed
    }

    /// The host's part of one multi handle.
    private struct HandleShare {
        let shard: Int
        /// Connections that carry or have carried a request.
        var open = 0
        /// Requests that have one.
        var busy = 0
        /// Requests that wait for a connection of their own.
        var opening = 0

        var isQuiet: Bool { open <= 0 && busy == 0 && opening == 0 }
        var connections: Int { open + opening }
    }

    /// libcurl walks past a host's busy connections to find an idle one, and knows them by multi handle. From so many on a
    /// host goes to one more handle, so that receivers that hang do not make every request to the same host slower.
    static let crowd = 32
    /// How long a handshake is waited for before another one may start beside it, so that requests to a host that does not
    /// answer still time out side by side. A host with connections on which nothing has happened for as long is slow: one more is
    /// not for speed, and gets its turn like the first one of another.
    static let patienceNanoseconds: Int64 = 250_000_000
    /// A host whose handshakes fail gets no more of them at once.
    static let disagreeingLimit = 4
    private static let earnedLimit = 1024

    private var shares: [HandleShare]
    private let shards: Range<Int>
    /// Handshakes that may be under way at once.
    private(set) var earned = 1
    private(set) var opening = 0
    private var lastOpening = Int64.min / 2
    /// When a request last started or was answered.
    private var lastProgress = Int64.min / 2
    /// Connections that were opened, all told.
    private(set) var openedCount: Int64 = 0
    /// Requests that have a connection or wait for one of their own, and the most that there were at once.
    private var inFlight = 0
    private(set) var mostInFlight = 0

    /// - Parameters:
    ///   - home: The multi handle that is used first.
    ///   - shards: All that may be used.
    init(home: Int, shards: Range<Int>) {
        shares = [HandleShare(shard: home)]
        self.shards = shards
    }

    /// Whether it has neither connections nor requests.
    var isQuiet: Bool { shares.allSatisfy(\.isQuiet) }

    /// Whether it has no connection at all, so that only opening one can let a request go.
    var isCold: Bool { opening == 0 && shares.allSatisfy { $0.open <= 0 } }

    /// From when on it counts as slow, unless something happens.
    var slowFrom: Int64 { lastProgress + Self.patienceNanoseconds }

    /// How one more request may go now; `nil` when it has to wait.
    func way(now: Int64) -> Way? {
        for share in shares where share.busy < share.open { return Way(shard: share.shard, isOpening: false) }
        return newWay(now: now)
    }

    /// How one more request may go now that needs a connection of its own; `nil` when it has to wait.
    func newWay(now: Int64) -> Way? {
        guard opening < earned || now - lastOpening >= Self.patienceNanoseconds else { return nil }
        return Way(shard: shardToOpenIn, isOpening: true)
    }

    /// When one more may start though nothing happens until then.
    var patienceEnds: Int64 { lastOpening + Self.patienceNanoseconds }

    private var shardToOpenIn: Int {
        if let share = shares.first(where: { $0.connections < Self.crowd }) { return share.shard }
        if shares.count < shards.count {
            // The one after the last, round and round, starting at home.
            return shards.lowerBound + (shares[0].shard - shards.lowerBound + shares.count) % shards.count
        }
        return shares.min { $0.connections < $1.connections }?.shard ?? shares[0].shard
    }

    /// A request has started that way.
    mutating func start(_ way: Way, now: Int64) {
        let share = index(of: way.shard)
        lastProgress = now
        inFlight += 1
        if inFlight > mostInFlight { mostInFlight = inFlight }
        guard way.isOpening else {
            shares[share].busy += 1
            return
        }
        shares[share].opening += 1
        opening += 1
        lastOpening = now
    }

    /// A request that started that way is about to be sent.
    /// - Parameter isNew: Whether its connection has carried none before.
    mutating func connected(_ way: Way, isNew: Bool) {
        let share = index(of: way.shard)
        if isNew {
            shares[share].open += 1
            openedCount += 1
        }
        guard way.isOpening else { return }
        shares[share].opening -= 1
        opening -= 1
        shares[share].busy += 1
    }

    /// A request has ended.
    /// - Parameters:
    ///   - way: How it went; still opening when it never got a connection.
    ///   - isNew: Whether it was the first on its connection.
    ///   - now: The time.
    mutating func end(_ way: Way, _ ending: Ending, isNew: Bool, now: Int64) {
        cancel(way)
        if ending == .answered { lastProgress = now }
        switch ending {
        case .answered where !isNew: break
        case .answered, .refused: earned = min(earned + 1, Self.earnedLimit)
        case .disagreed: earned = min(earned + 1, Self.disagreeingLimit)
        // A request that was sent and not answered says nothing about how fast connections come about.
        case .failed: if way.isOpening { earned = max(1, earned / 2) }
        }
    }

    /// A request that started that way has gone nowhere, for reasons of ours.
    mutating func cancel(_ way: Way) {
        let share = index(of: way.shard)
        inFlight -= 1
        guard way.isOpening else {
            shares[share].busy -= 1
            return
        }
        shares[share].opening -= 1
        opening -= 1
    }

    /// A connection that has carried a request is gone.
    mutating func closed(shard: Int) { shares[index(of: shard)].open -= 1 }

    private mutating func index(of shard: Int) -> Int {
        if let known = shares.firstIndex(where: { $0.shard == shard }) { return known }
        shares.append(HandleShare(shard: shard))
        return shares.count - 1
    }
}
