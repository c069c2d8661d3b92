/// How many requests may be on the wire at once, in three classes.
///
/// Requests that wait for a connection of their own have a limit too, because a handshake costs a thousand times what a request
/// does: those of many cold hosts follow one another, and the requests to warm ones go on between them. Requests younger than a few
/// milliseconds count against a small limit, because more at once only make libcurl slower. Older ones of both are waiting for a slow
/// receiver and cost nothing but memory; they count against a large limit. So a thousand receivers that never answer do not hold back the
/// healthy ones.
///
/// Requests with much data are bounded in bytes as well; those with little are not, so that nobody's small requests wait
/// for a slow receiver's large ones. Together that bounds the memory: the byte limit, and the number of small ones.
///
/// A value without a clock. Young requests stand in a list in the order of their start, so every step is O(1) amortised.
struct InFlightWindow {
    private let youngLimit: Int
    private let slowPlaces: Int
    private var slowLimit: Int
    private let openingLimit: Int
    private let youngNanoseconds: Int64
    private let openingNanoseconds: Int64
    private let largeByteLimit: Int

    /// Up to here a request counts as small.
    static let smallBytes = 16_384

    private enum Class { case none, young, opening, slow }

    private struct Link {
        var started: Int64 = 0
        var previous = -1
        var next = -1
        var itsClass = Class.none
    }

    /// The places of one class in the order of their start.
    private struct Row {
        var oldest = -1
        var newest = -1
        var count = 0

        mutating func append(_ slot: Int, _ itsClass: Class, _ links: inout [Link]) {
            links[slot].previous = newest
            links[slot].next = -1
            links[slot].itsClass = itsClass
            if newest >= 0 { links[newest].next = slot } else { oldest = slot }
            newest = slot
            count += 1
        }

        mutating func remove(_ slot: Int, _ links: inout [Link]) {
            let link = links[slot]
            if link.previous >= 0 { links[link.previous].next = link.next } else { oldest = link.next }
            if link.next >= 0 { links[link.next].previous = link.previous } else { newest = link.previous }
            count -= 1
        }

        mutating func removeOldest(_ links: inout [Link]) -> Int {
            let slot = oldest
            remove(slot, &links)
            return slot
        }
    }

    private var links: [Link] = []
    private var young = Row()
    private var opening = Row()
    /// Requests that are not young any more.
    private(set) var slowCount = 0
    /// Bytes of the large requests that have a place.
    private(set) var largeBytes = 0

    init(
        youngLimit: Int,
        slowLimit: Int,
        openingLimit: Int,
        youngNanoseconds: Int64,
        openingNanoseconds: Int64,
        largeByteLimit: Int
    ) {
        self.youngLimit = max(1, youngLimit)
        slowPlaces = max(1, slowLimit)
        self.slowLimit = slowPlaces
        self.openingLimit = max(1, openingLimit)
        self.youngNanoseconds = youngNanoseconds
        self.openingNanoseconds = openingNanoseconds
        self.largeByteLimit = largeByteLimit
    }

    /// Whether all requests are one node's: then a quarter of the places for slow ones is left for the first of another.
    /// Where there are several ``SlowShares`` has its say.
    mutating func isOneNodes(_ isSo: Bool) { slowLimit = isSo ? max(1, slowPlaces - slowPlaces / 4) : slowPlaces }

    /// Requests that are young.
    var youngCount: Int { young.count }
    /// Requests that wait for a connection of their own.
    var openingCount: Int { opening.count }
    /// Requests on the wire.
    var count: Int { young.count + opening.count + slowCount }

    /// Whether one more may start.
    var isOpen: Bool { young.count < youngLimit && slowCount < slowLimit }

    /// Whether one more that needs a connection of its own may start.
    var mayOpen: Bool { opening.count < openingLimit && slowCount < slowLimit }

    /// Whether one more may start.
    /// - Parameter isOpening: Whether it needs a connection of its own.
    func mayStart(isOpening: Bool) -> Bool { isOpen && (mayOpen || !isOpening) }

    /// Whether one more may start whose host has connections already: only as long as too few requests are young, those
    /// counted that will be soon.
    var mayOpenMore: Bool { mayOpen && young.count + opening.count < youngLimit }

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
    var nextAgeing: Int64? { young.oldest < 0 ? nil : links[young.oldest].started + youngNanoseconds }

    /// When the next request that waits for a connection becomes slow; `nil` when there is none.
    var nextOpeningAgeing: Int64? { opening.oldest < 0 ? nil : links[opening.oldest].started + openingNanoseconds }

    /// Says that the request in place `slot` has started.
    /// - Parameter isOpening: Whether it needs a connection of its own.
    mutating func start(slot: Int, isOpening: Bool = false, now: Int64) {
        while links.count <= slot { links.append(Link()) }
        links[slot].started = now
        if isOpening { opening.append(slot, .opening, &links) } else { young.append(slot, .young, &links) }
    }

    /// Says that the request in place `slot` has its connection: only now can its receiver be slow.
    mutating func connected(slot: Int, now: Int64) {
        finish(slot: slot)
        links[slot].started = now
        young.append(slot, .young, &links)
    }

    /// Says that the request in place `slot` has ended.
    mutating func finish(slot: Int) {
        switch links[slot].itsClass {
        case .young: young.remove(slot, &links)
        case .opening: opening.remove(slot, &links)
        case .slow: slowCount -= 1
        case .none: break
        }
        links[slot].itsClass = .none
    }

    /// Moves the requests that have waited too long for their class to the slow ones.
    /// - Parameter report: Is given the place of each, and how many are slow with it.
    mutating func age(now: Int64, _ report: (_ slot: Int, _ slowCount: Int) -> Void = { _, _ in }) {
        while young.oldest >= 0, links[young.oldest].started + youngNanoseconds <= now { slow(young.removeOldest(&links), report) }
        while opening.oldest >= 0, links[opening.oldest].started + openingNanoseconds <= now {
            slow(opening.removeOldest(&links), report)
        }
    }

    private mutating func slow(_ slot: Int, _ report: (Int, Int) -> Void) {
        slowCount += 1
        links[slot].itsClass = .slow
        report(slot, slowCount)
    }
}
