import PosthornModel
import PosthornSending
import PosthornStore
import PosthornSystem
import PosthornText

/// What the limits of nodes' trees, and of all endpoints, let go out at present. Asked before a delivery is claimed, so that what waits
/// for one of them is in no queue and no window: its endpoint is passed over, and read again when its turn has come.
///
/// An endpoint below a limit is claimed for no faster than its own limits let go out, or deliveries that wait for those would hold what
/// others could use. Empty, and asked nothing, where no limit is set. A value that decides alone.
struct LimitBook {
    private var limits: [Limit] = []
    /// Those of endpoints that are gone.
    private var vacant: [Int] = []
    private var limitOfNode: [String: Int] = [:]
    private var limitOfAll: Int?
    private var numbers: [String: Int] = [:]
    private var members: [Int: Member] = [:]
    private var due = DueHeap()
    /// Limits below which something has ended while others wait.
    private var freed: Set<Int> = []
    /// Limits whose last turns were still being read; looked at again whenever turns are asked for.
    private var postponed: Set<Int> = []
    private var now = Timestamp(milliseconds: .min)

    /// Turns at a limit come at this distance at most: each may read what waits again.
    static let intervalMilliseconds: Int64 = 100
    /// A limit that has held nothing back for so long does not bind any more.
    static let bindingMilliseconds: Int64 = 10_000
    /// Limits that are told of: more would say no more.
    static let toldLimit = 100

    /// Whether nothing is limited.
    var isEmpty: Bool { members.isEmpty }

    // MARK: Endpoints

    /// Knows these endpoints and no others from now on; what has been used of limits that are as before stays used.
    /// - Parameter held: How many deliveries of an endpoint are under way.
    /// - Returns: Those that waited: what binds them may be another limit, or none.
    mutating func follow(whole seats: [Seat], held: (Int) -> Int, at now: Timestamp) -> [Int] {
        let waited = members.filter { $0.value.waitsAt != nil }.map(\.key)
        if seats.isEmpty, isEmpty { return [] }
        var fresh = LimitBook()
        fresh.now = now
        for seat in seats { fresh.seat(seat, held: held(seat.index)) }
        for (node, limit) in limitOfNode {
            if let new = fresh.limitOfNode[node] { fresh.takeOver(limits[limit], at: new) }
        }
        if let limitOfAll, let new = fresh.limitOfAll { fresh.takeOver(limits[limitOfAll], at: new) }
        for limit in fresh.limits.indices { fresh.divide(limit) }
        self = fresh
        return waited
    }

    /// Takes over what is new about one endpoint.
    /// - Returns: Whether it waited.
    mutating func follow(_ seat: Seat, held: Int) -> Bool {
        let waited = members[seat.index]?.waitsAt != nil
        forget(seat.index)
        self.seat(seat, held: held)
        for limit in members[seat.index]?.path ?? [] { divide(limit) }
        return waited
    }

    /// An endpoint's index is vacant.
    mutating func forget(_ endpoint: Int) {
        guard let member = members.removeValue(forKey: endpoint) else { return }
        for limit in member.path {
            limits[limit].inFlight -= member.held
            limits[limit].endpoints -= 1
            if member.isOwn { limits[limit].own -= 1 }
            limits[limit].given.removeAll { $0 == endpoint }
            divide(limit)
            if limits[limit].isEndpoints { vacant.append(limit) } else if limits[limit].waiting > 0 { freed.insert(limit) }
        }
        if let limit = member.waitsAt { limits[limit].waiting -= 1 }
    }

    /// This engine delivers other endpoints than before.
    mutating func follow(isOwn: (_ key: Int64) -> Bool) {
        for limit in limits.indices { limits[limit].own = 0 }
        for (index, member) in members {
            let isOwn = isOwn(member.key)
            members[index]?.isOwn = isOwn
            if isOwn { for limit in member.path { limits[limit].own += 1 } }
        }
        for limit in limits.indices { divide(limit) }
    }

    private mutating func seat(_ seat: Seat, held: Int) {
        if seat.limits.isEmpty { return }
        var path: [Int] = []
        if let rate = seat.ratePerSecond {
            let own = Limit(node: nil, depth: seat.owners.count, wanted: DeliveryLimits(ratePerSecond: rate), isEndpoints: true)
            let slot = vacant.popLast() ?? limits.count
            if slot == limits.count { limits.append(own) } else { limits[slot] = own }
            path.append(slot)
        }
        for (node, depth, wanted) in seat.limits { path.append(limit(of: node, depth, wanted)) }
        for limit in path {
            limits[limit].inFlight += held
            limits[limit].endpoints += 1
            if seat.isOwn { limits[limit].own += 1 }
        }
        members[seat.index] = Member(
            key: seat.key,
            path: path,
            nodes: seat.owners.map { number(of: $0) },
            inFlightLimit: seat.inFlightLimit,
            isOwn: seat.isOwn,
            held: held
        )
    }

    private mutating func limit(of node: String?, _ depth: Int, _ wanted: DeliveryLimits) -> Int {
        if let known = node.map({ limitOfNode[$0] }) ?? limitOfAll { return known }
        limits.append(Limit(node: node, depth: depth, wanted: wanted, isEndpoints: false))
        if let node { limitOfNode[node] = limits.count - 1 } else { limitOfAll = limits.count - 1 }
        return limits.count - 1
    }

    private mutating func number(of node: String) -> Int {
        if let known = numbers[node] { return known }
        numbers[node] = numbers.count
        return numbers.count - 1
    }

    private mutating func takeOver(_ old: Limit, at limit: Int) {
        if old.wanted.ratePerSecond == limits[limit].wanted.ratePerSecond { limits[limit].bucket = old.bucket }
        limits[limit].refused = old.refused
    }

    /// Gives this engine its share of a limit: as much of it as it has of the endpoints below, but one delivery at once at least.
    private mutating func divide(_ limit: Int) {
        let (own, all) = (limits[limit].own, max(1, limits[limit].endpoints))
        if own == 0 { return }
        if let wanted = limits[limit].wanted.inFlightLimit { limits[limit].inFlightLimit = max(1, wanted * own / all) }
        guard let wanted = limits[limit].wanted.ratePerSecond else { return }
        let rate = own == all ? wanted : wanted * Double(own) / Double(all)
        if limits[limit].bucket?.ratePerSecond == rate { return }
        // A share that changes begins with nothing saved up.
        let empty = limits[limit].bucket == nil ? 0 : Self.second
        limits[limit].bucket = TokenBucket(ratePerSecond: rate, now: nanoseconds + empty)
    }

    private static let second: Int64 = 1_000_000_000
    private var nanoseconds: Int64 { now.milliseconds * 1_000_000 }

    // MARK: Deliveries

    /// Whether a delivery of an endpoint may be claimed. One that may not waits for its turn from now on.
    mutating func mayStart(_ endpoint: Int) -> Bool {
        guard let member = members[endpoint] else { return true }
        // Its results give it room.
        if member.held >= member.inFlightLimit || member.waitsAt != nil { return false }
        for (i, limit) in member.path.enumerated() {
            let isFree = free(limit) > 0
            if isFree, member.passes[i] > 0 || (limits[limit].waiting == 0 && !hasTurnsLeft(limit)) { continue }
            if !isFree { limits[limit].refused = now.milliseconds }
            members[endpoint]?.waitsAt = limit
            // What it has been given above is of use to others meanwhile.
            for above in member.passes.indices where above > i { members[endpoint]?.passes[above] = 0 }
            queue(endpoint, member, at: limit)
            limits[limit].waiting += 1
            list(limit, now.milliseconds)
            return false
        }
        return true
    }

    /// Whether an endpoint that has waited and had its turn is still to use it: what is free is its.
    private func hasTurnsLeft(_ limit: Int) -> Bool { limits[limit].given.contains { (members[$0]?.passes(of: limit) ?? 0) > 0 } }

    /// Puts an endpoint into a limit's turns, unless it is in them.
    private mutating func queue(_ endpoint: Int, _ member: Member, at limit: Int) {
        if member.turnsOf.contains(limit) { return }
        members[endpoint]?.turnsOf.append(limit)
        limits[limit].turns.append(endpoint, below: member.nodes.dropFirst(limits[limit].depth))
    }

    /// A delivery of an endpoint is claimed.
    mutating func take(_ endpoint: Int) {
        guard let path = members[endpoint]?.path else { return }
        let moment = nanoseconds
        members[endpoint]?.held += 1
        for (i, limit) in path.enumerated() {
            if let left = members[endpoint]?.passes[i], left > 0 { members[endpoint]?.passes[i] = left - 1 }
            limits[limit].inFlight += 1
            _ = limits[limit].bucket?.take(now: moment)
        }
    }

    /// A delivery of an endpoint is in memory no more.
    mutating func finish(_ endpoint: Int) {
        guard let path = members[endpoint]?.path else { return }
        members[endpoint]?.held -= 1
        for limit in path {
            limits[limit].inFlight -= 1
            if limits[limit].waiting > 0 { freed.insert(limit) }
        }
    }

    // MARK: Turns

    /// The endpoints whose turn it is.
    /// - Parameters:
    ///   - waits: Whether an endpoint has anything that waits.
    ///   - isReading: Whether what waits of an endpoint is still to be read.
    mutating func next(at now: Timestamp, waits: (Int) -> Bool, isReading: (Int) -> Bool) -> [Int] {
        advance(to: now)
        var toLookAt = freed.union(postponed)
        freed.removeAll(keepingCapacity: true)
        postponed.removeAll(keepingCapacity: true)
        while let first = due.first, first.due <= now.milliseconds {
            due.removeFirst()
            limits[first.lane].isListed = false
            toLookAt.insert(first.lane)
        }
        var endpoints: [Int] = []
        for limit in toLookAt.sorted() where limits[limit].waiting > 0 {
            // Who has had a turn and made use of it may be read again for another reason.
            if limits[limit].given.contains(where: { members[$0]?.isStillToStart(limit) ?? false && isReading($0) }) {
                postponed.insert(limit)
                list(limit, now.milliseconds + Self.intervalMilliseconds)
                continue
            }
            giveTurns(of: limit, waits: waits)
            endpoints += limits[limit].given
            if limits[limit].waiting > 0 { list(limit, now.milliseconds + Self.intervalMilliseconds) }
        }
        return endpoints
    }

    /// Hands out what a limit lets go out now, a delivery a turn. Who can take more is in turn again at once: where a company's single
    /// endpoint has as much waiting as another's thousand, it gets as many.
    private mutating func giveTurns(of limit: Int, waits: (Int) -> Bool) {
        for endpoint in limits[limit].given where members[endpoint]?.isStillToStart(limit) ?? false {
            // It had less than it was given.
            members[endpoint]?.setPasses(0, of: limit)
        }
        limits[limit].given.removeAll(keepingCapacity: true)
        var free = free(limit)
        var hasTurn: Set<Int> = []
        while free > 0, let endpoint = limits[limit].turns.popFirst() {
            guard var member = members[endpoint] else { continue }
            member.turnsOf.removeAll { $0 == limit }
            let isFirst = member.waitsAt == limit
            if isFirst {
                member.waitsAt = nil
                limits[limit].waiting -= 1
            }
            let passes = member.passes(of: limit)
            if isFirst ? waits(endpoint) : hasTurn.contains(endpoint), passes + member.held < member.inFlightLimit {
                if hasTurn.insert(endpoint).inserted { limits[limit].given.append(endpoint) }
                member.setPasses(passes + 1, of: limit)
                free -= 1
                members[endpoint] = member
                queue(endpoint, member, at: limit)
            } else {
                members[endpoint] = member
            }
        }
    }

    /// When to ask for turns again; `nil` when nothing waits that time alone lets go on.
    func deadline(at now: Timestamp) -> Timestamp? {
        if !freed.isEmpty { return now }
        return due.first.map { Timestamp(milliseconds: $0.due) }
    }

    /// How many deliveries a limit lets go out now.
    private func free(_ limit: Int) -> Int {
        let places = limits[limit].inFlightLimit - limits[limit].inFlight
        return min(places, limits[limit].bucket?.tokens(now: nanoseconds) ?? places)
    }

    /// Has a limit looked at when it lets something go out again, not before a moment. One that is full is when something ends.
    private mutating func list(_ limit: Int, _ earliest: Int64) {
        if limits[limit].isListed || limits[limit].inFlight >= limits[limit].inFlightLimit { return }
        let token = limits[limit].bucket.map { ($0.nextTokenAt(now: nanoseconds) + 999_999) / 1_000_000 } ?? earliest
        limits[limit].isListed = true
        due.insert(DueHeap.Item(due: max(earliest, token), lane: limit, version: 0))
    }

    private mutating func advance(to time: Timestamp) {
        defer { now = time }
        if time >= now { return }
        // The clock was put back: what waits must not wait until it is that late again.
        now = time
        due = DueHeap()
        for limit in limits.indices {
            limits[limit].isListed = false
            limits[limit].refused = min(limits[limit].refused, time.milliseconds)
            if let rate = limits[limit].bucket?.ratePerSecond {
                limits[limit].bucket = TokenBucket(ratePerSecond: rate, now: nanoseconds + Self.second)
            }
            if limits[limit].waiting > 0 { list(limit, time.milliseconds) }
        }
    }

    // MARK: For people

    /// The limits at which deliveries wait, that of all endpoints first.
    func binding(at now: Timestamp) -> [BindingLimit] {
        let binding = limits.filter {
            !$0.isEndpoints && ($0.waiting > 0 || $0.refused > now.milliseconds - Self.bindingMilliseconds)
        }
        return binding.sorted { ($0.node ?? "") < ($1.node ?? "") }.prefix(Self.toldLimit).map {
            BindingLimit(node: $0.node, limits: $0.wanted, inFlight: $0.inFlight, waitingEndpoints: $0.waiting)
        }
    }
}
