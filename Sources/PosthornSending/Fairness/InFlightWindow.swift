/// How many requests may be on the wire at once, in two classes.
///
/// Requests younger than a few milliseconds count against a small limit, because more at once only make
/// libcurl slower. Older ones are waiting for a slow receiver and cost nothing but memory; they count against a large limit.
/// So a thousand receivers that never answer do not hold back the healthy ones.
///
/// Requests with much data are bounded in bytes as well; those with little are not, so that nobody's small requests wait
/// for a slow receiver's large ones. Together that bounds the memory: the byte limit, and the number of small ones.
///
/// A value without a clock. Young requests stand in a list in the order of their start, so every step is O(1) amortised.
struct InFlightWindow {
    private let youngLimit: Int
    private let slowLimit: Int
    private let youngNanoseconds: Int64
    private let largeByteLimit: Int

    /// Up to here a request counts as small.
    static let smallBytes = 16_384

    private struct Link {
        var started: Int64 = 0
        var previous = -1
        var next = -1
        var isYoung = false
    }
    private var links: [Link] = []
    private var oldest = -1
    private var newest = -1
    /// Requests that are young.
    private(set) var youngCount = 0
    /// Requests that are not young any more.
    private(set) var slowCount = 0
    /// Bytes of the large requests that have a place.
    private(set) var largeBytes = 0

    init(youngLimit: Int, slowLimit: Int, youngNanoseconds: Int64, largeByteLimit: Int) {
        self.youngLimit = max(1, youngLimit)
        self.slowLimit = max(1, slowLimit)
        self.youngNanoseconds = youngNanoseconds
        self.largeByteLimit = largeByteLimit
    }

    /// Requests on the wire.
    var count: Int { youngCount + slowCount }

    /// Whether one more may start.
    var isOpen: Bool { youngCount < youngLimit && slowCount < slowLimit }

    /// Whether a request of so many bytes has room. One that is larger than the limit has it when it is alone.
    func hasRoom(bytes: Int) -> Bool {
        bytes <= Self.smallBytes || largeBytes == 0 || largeBytes + bytes <= largeByteLimit
    }

    /// Takes the room of a request that is about to start.
    mutating func reserve(bytes: Int) {
        if bytes > Self.smallBytes { largeBytes += bytes }
    }

    /// Gives back the room of a request that has ended or does not start.
    mutating func giveBack(bytes: Int) {
        if bytes > Self.smallBytes { largeBytes -= bytes }
    }

    /// When the next young request becomes slow; `nil` when there is none.
    var nextAgeing: Int64? { oldest < 0 ? nil : links[oldest].started + youngNanoseconds }

    /// Says that the request in place `slot` has started.
    mutating func start(slot: Int, now: Int64) {
        while links.count <= slot { links.append(Link()) }
        links[slot] = Link(started: now, previous: newest, next: -1, isYoung: true)
        if newest >= 0 { links[newest].next = slot } else { oldest = slot }
        newest = slot
        youngCount += 1
    }

    /// Says that the request in place `slot` has ended.
    mutating func finish(slot: Int) {
        if links[slot].isYoung { unlink(slot) } else { slowCount -= 1 }
    }

    /// Moves the requests that are not young any more to the other class.
    mutating func age(now: Int64) {
        while oldest >= 0, links[oldest].started + youngNanoseconds <= now {
            unlink(oldest)
            slowCount += 1
        }
    }

    private mutating func unlink(_ slot: Int) {
        let link = links[slot]
        if link.previous >= 0 { links[link.previous].next = link.next } else { oldest = link.next }
        if link.next >= 0 { links[link.next].previous = link.previous } else { newest = link.previous }
        links[slot].isYoung = false
        youngCount -= 1
    }
}
