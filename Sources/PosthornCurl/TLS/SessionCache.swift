/// TLS sessions to be taken up again, those that were used last first to stay, within a bound of bytes.
///
/// libcurl 7.88 keeps eight for all hosts together, so thousands of receivers would never be met again; a handshake that takes up
/// a session costs half of a full one. OpenSSL's object of a session holds the receiver's whole parsed chain, some 20 KB; written
/// down it is a tenth of that, but reading it again costs a third of what it saves. So those that were kept last stay objects, and
/// the others are written down.
///
/// A value without a clock; times are monotonic nanoseconds.
struct SessionCache<State: SessionState> {
    typealias Key = SessionKey

    /// A session with what is to be known about it.
    struct Session: Sendable {
        var state: State
        /// Whether the receiver means it to be used once, as those of TLS 1.3 are.
        let isSingleUse: Bool
        /// When the receiver's certificate was seen last; carried on by sessions that come of this one.
        let provenAt: Int64
        /// From when on it is no good any more.
        let expires: Int64
    }

    private struct Entry {
        var sessions: [Session] = []
        var previous = -1
        var next = -1
        var key: Key
        var bytes = 0
        /// What its objects hold of that.
        var readyBytes = 0
    }

    /// A receiver gives several at a time to be used at once; more than these would only take others' room.
    static var sessionsPerHost: Int { 4 }
    /// The time after which a receiver has to show its certificate again.
    static var proofNanoseconds: Int64 { 24 * 3600 * 1_000_000_000 }
    /// What a host costs beside its sessions, about.
    private static var entryBytes: Int { 256 }

    private let limitBytes: Int
    private let readyLimitBytes: Int
    private var entries: [Entry] = []
    private var indexOfKey: [Key: Int] = [:]
    private var vacant: [Int] = []
    private var newest = -1
    private var oldest = -1
    /// No older one has objects.
    private var oldestReady = -1
    /// What is kept, about.
    private(set) var bytes = 0
    /// What objects hold of that.
    private(set) var readyBytes = 0

    /// - Parameters:
    ///   - limitBytes: What all sessions may hold.
    ///   - readyLimitBytes: What those of them may hold that are objects.
    init(limitBytes: Int, readyLimitBytes: Int) {
        self.limitBytes = limitBytes
        self.readyLimitBytes = readyLimitBytes
    }

    /// A session of more is not kept.
    private var largestBytes: Int { limitBytes / 256 }

    /// How many hosts have a session here.
    var count: Int { indexOfKey.count }

    /// Keeps a session; the newest of a host's is used first.
    mutating func keep(_ session: Session, for key: Key) {
        var session = session
        // One receiver must not take many others' room with a long chain or a huge ticket.
        if session.state.bytes > largestBytes { session.state.write() }
        guard session.state.bytes <= largestBytes else { return }
        let index = indexOfKey[key] ?? insert(key)
        if !session.isSingleUse { entries[index].sessions.removeAll() }
        entries[index].sessions.append(session)
        if entries[index].sessions.count > Self.sessionsPerHost { entries[index].sessions.removeFirst() }
        measure(index)
        touch(index)
        while readyBytes > readyLimitBytes, oldestReady >= 0 { rest(oldestReady) }
        while bytes > limitBytes, oldest >= 0 { remove(oldest) }
    }

    /// A session for a new connection. One that is meant for a single use is taken out, but for the last: using it twice beats
    /// a full handshake, and receivers that mind answer with one.
    mutating func take(for key: Key, now: Int64) -> Session? {
        guard let index = indexOfKey[key] else { return nil }
        entries[index].sessions.removeAll { $0.expires <= now }
        guard let session = entries[index].sessions.last else {
            remove(index)
            return nil
        }
        if session.isSingleUse, entries[index].sessions.count > 1 { entries[index].sessions.removeLast() }
        measure(index)
        touch(index)
        return session
    }

    /// Forgets a host's sessions: a connection that offered one came to nothing.
    mutating func forget(_ key: Key) { if let index = indexOfKey[key] { remove(index) } }

    /// Forgets all sessions that other certificate authorities vouched for.
    mutating func forgetAll(butOf authorities: UInt64) {
        for (key, index) in indexOfKey where key.authorities != authorities { remove(index) }
    }

    private mutating func insert(_ key: Key) -> Int {
        let index = vacant.popLast() ?? entries.count
        if index == entries.count { entries.append(Entry(key: key)) } else { entries[index] = Entry(key: key) }
        indexOfKey[key] = index
        link(index)
        return index
    }

    private mutating func remove(_ index: Int) {
        unlink(index)
        bytes -= entries[index].bytes
        readyBytes -= entries[index].readyBytes
        indexOfKey[entries[index].key] = nil
        entries[index].sessions = []
        vacant.append(index)
    }

    private mutating func measure(_ index: Int) {
        let now = entries[index].sessions.reduce(Self.entryBytes) { $0 + $1.state.bytes }
        bytes += now - entries[index].bytes
        entries[index].bytes = now
        let ready = entries[index].sessions.reduce(0) { $0 + ($1.state.isWritten ? 0 : $1.state.bytes) }
        readyBytes += ready - entries[index].readyBytes
        entries[index].readyBytes = ready
    }

    /// Writes a host's sessions down, and goes on to the next younger host.
    private mutating func rest(_ index: Int) {
        oldestReady = entries[index].next
        for place in entries[index].sessions.indices { entries[index].sessions[place].state.write() }
        measure(index)
    }

    private mutating func touch(_ index: Int) {
        unlink(index)
        link(index)
    }

    private mutating func link(_ index: Int) {
        (entries[index].previous, entries[index].next) = (newest, -1)
        if newest >= 0 { entries[newest].next = index } else { oldest = index }
        if oldestReady < 0 { oldestReady = index }
        newest = index
    }

    private mutating func unlink(_ index: Int) {
        let (previous, next) = (entries[index].previous, entries[index].next)
        if oldestReady == index { oldestReady = next }
        if previous >= 0 { entries[previous].next = next } else { oldest = next }
        if next >= 0 { entries[next].previous = previous } else { newest = previous }
    }
}

/// For whom a session holds: the same host under the same name, met with the same client certificate, and proven to the same
/// certificate authorities.
struct SessionKey: Hashable {
    let host: HostKey
    /// See ``CertificateStore/generation``.
    let authorities: UInt64
}

/// A session in one of its two forms.
protocol SessionState: Sendable {
    /// What it holds of the memory, about.
    var bytes: Int { get }
    /// Whether it is written down.
    var isWritten: Bool { get }
    /// Writes it down.
    mutating func write()
}
