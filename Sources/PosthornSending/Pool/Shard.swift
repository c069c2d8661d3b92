import CPosthornCurl
import CPosthornLinux
import Glibc
import PosthornSystem
import PosthornText

/// One of a sender thread's multi handles, with its own connections and its own timer.
///
/// Whenever a transfer is taken out, libcurl walks through all connections of its multi handle (lib/multi.c,
/// `close_connect_only`), and it finds a host's connections through a table of 97 places. With thousands of receivers that
/// costs more than the request itself, so a thread spreads its hosts over several handles.
final class Shard {
    // Unchecked, as in ``SenderThread``: one thread alone touches it, for every request.
    @exclusivity(unchecked) private(set) var multi: UnsafeMutableRawPointer
    /// Its place among the thread's shards.
    let number: Int
    private let connectionLimit: Int
    private let context: TransferContext

    /// `nil` when memory has run out.
    init?(number: Int, connectionLimit: Int, context: TransferContext) {
        guard let multi = curl_multi_init() else { return nil }
        self.multi = multi
        self.number = number
        self.connectionLimit = connectionLimit
        self.context = context
        configure()
    }

    private func configure() {
        let me = Unmanaged.passUnretained(self).toOpaque()
        posthorn_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, connectionLimit))
        posthorn_curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me)
        posthorn_curl_multi_set_socket_callback(multi) { _, socket, what, shard, _ in
            Unmanaged<Shard>.fromOpaque(shard!).takeUnretainedValue().watch(socket, what)
            return 0
        }
        posthorn_curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me)
        posthorn_curl_multi_set_timer_callback(multi) { _, milliseconds, shard in
            Unmanaged<Shard>.fromOpaque(shard!).takeUnretainedValue().setTimer(milliseconds)
            return 0
        }
    }

    deinit { curl_multi_cleanup(multi) }

    /// Closes all connections; to be called when no request of the shard is under way. Without memory they stay open.
    func renew() {
        guard let fresh = curl_multi_init() else { return }
        curl_multi_cleanup(multi)
        multi = fresh
        context.shards.setDeadline(.max, of: number)
        configure()
    }

    /// Calls libcurl, whose time has come.
    func runTimer() {
        context.shards.setDeadline(.max, of: number)
        context.shards.mayHaveEnded(number)
        var running: Int32 = 0
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    /// Tells libcurl what epoll says of a socket.
    func handle(_ socket: Int32, events: UInt32) {
        var flags: Int32 = 0
        if events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { flags |= posthorn_curl_readable }
        if events & EPOLLOUT.rawValue != 0 { flags |= posthorn_curl_writable }
        context.shards.mayHaveEnded(number)
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, flags, &running)
    }

    /// Takes out a transfer that has ended, with what libcurl says of it.
    func takeEnded() -> (transfer: Transfer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let code = posthorn_curl_message_result(message)
            var pointer: UnsafeMutableRawPointer?
            posthorn_curl_get_pointer(easy, CURLINFO_PRIVATE, &pointer)
            curl_multi_remove_handle(multi, easy)
            if let pointer { return (Unmanaged<Transfer>.fromOpaque(pointer).takeUnretainedValue(), code) }
        }
        return nil
    }

    private func watch(_ socket: Int32, _ what: Int32) {
        var events: UInt32 = 0
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events |= EPOLLIN.rawValue }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events |= EPOLLOUT.rawValue }
        context.sockets.watch(socket, shard: number, events: events)
    }

    private func setTimer(_ milliseconds: Int) {
        let deadline: Int64
        switch milliseconds {
        case ..<0: deadline = .max
        case 0: deadline = 0
        default: deadline = MonotonicClock.nanoseconds() + Int64(milliseconds) * 1_000_000
        }
        context.shards.setDeadline(deadline, of: number)
    }
}

/// Which of a thread's shards have something to do, so that a turn visits those alone: it lasts a few requests only, and
/// most shards are idle.
struct ShardAgenda {
    /// When libcurl wants to be called for each: monotonic nanoseconds; 0 for at once, `Int64.max` for never.
    private var deadlines = [Int64](repeating: .max, count: ShardPlan.count)
    /// A bit for each in which a transfer may have ended. It ends in a call into libcurl and at no other time.
    private var ended: UInt32 = 0

    /// libcurl wants to be called for a shard at that time.
    mutating func setDeadline(_ deadline: Int64, of shard: Int) { deadlines[shard] = deadline }

    /// libcurl is being called for a shard.
    mutating func mayHaveEnded(_ shard: Int) { ended |= 1 << UInt32(shard) }

    /// The earliest of all deadlines.
    var nextDeadline: Int64 { deadlines.reduce(.max, min) }

    /// Whether a shard's time has come.
    func isDue(_ shard: Int, now: Int64) -> Bool { deadlines[shard] <= now }

    /// Takes out a shard in which transfers may have ended.
    mutating func takeEnded() -> Int? {
        if ended == 0 { return nil }
        let shard = ended.trailingZeroBitCount
        ended &= ended - 1
        return shard
    }
}

/// Which of a thread's shards a host belongs to.
enum ShardPlan {
    /// Handles for clear text.
    static let plainCount = 16
    /// Handles for TLS.
    static let secureCount = 16
    /// All of them.
    static let count = plainCount + secureCount

    /// The handles for URLs of a kind.
    static func shards(isPlainHTTP: Bool) -> Range<Int> { isPlainHTTP ? 0..<plainCount : plainCount..<count }

    /// The shard of a hash of host and port, so that endpoints on one host share its connections.
    static func shard(of hash: UInt64, isPlainHTTP: Bool) -> Int {
        let mixed = Int((hash ^ (hash >> 32)) & 0x7FFF_FFFF)
        return isPlainHTTP ? mixed % plainCount : plainCount + mixed % secureCount
    }

    /// A hash of host and port.
    static func hash(of url: EndpointURL) -> UInt64 {
        // The same host must come to the same place in every run, which Swift's own hash does not promise.
        var hash = StableHash()
        hash.add(url.host.utf8)
        hash.add(String(url.port).utf8)
        return hash.value
    }
}
