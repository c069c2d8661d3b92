package import PosthornModel
package import PosthornText

/// Endpoints in trouble: how many, as far as they are counted, and the worst of them by name.
package struct EndpointTroubles: Sendable {
    /// Those that are named.
    package static let shownLimit = 25
    /// Those that are counted. Of more it is said that there are at least so many.
    package static let countLimit = 1000

    /// One kind of trouble.
    package struct List<Value: Sendable>: Sendable {
        /// The worst of them.
        package let shown: [(id: String, value: Value)]
        /// How many there are.
        package let count: Int
        /// Whether there may be more than these.
        package let isAtLeast: Bool

        /// - Parameters:
        ///   - all: Those that were found.
        ///   - isWhole: Whether they are all there are.
        ///   - isWorse: Whether the first is worse than the second. Of the same they go by their ids.
        fileprivate init(_ all: [String: Value], isWhole: Bool, by isWorse: (Value, Value) -> Bool) {
            let sorted = all.sorted { a, b in
                isWorse(a.value, b.value) || !isWorse(b.value, a.value) && a.key < b.key
            }
            shown = sorted.prefix(EndpointTroubles.shownLimit).map { ($0.key, $0.value) }
            count = min(sorted.count, EndpointTroubles.countLimit)
            isAtLeast = !isWhole || sorted.count > EndpointTroubles.countLimit
        }
    }

    /// Those that cannot be used, with the reason.
    package let broken: List<String>
    /// Those whose receivers asked to be left alone, and until when; the longest first. Suspended ones are left out.
    package let throttled: List<Timestamp>
    /// Those that are failing, suspended or disabled; disabled ones first, then suspended ones, and those first that are so longest.
    package let unhealthy: List<EndpointHealth>
    /// How many of the unhealthy ones that were found are in each state.
    package let health: [EndpointHealth.State: Int]

    /// - Parameters:
    ///   - isWhole: Whether what is given is all there is.
    package init(
        faults: [String: String],
        throttled: [String: Timestamp],
        health: [String: EndpointHealth],
        isWhole: (faults: Bool, throttled: Bool, health: Bool) = (true, true, true)
    ) {
        func rank(_ state: EndpointHealth.State) -> Int {
            switch state {
            case .disabled: 0
            case .suspended: 1
            case .failing: 2
            case .healthy: 3
            }
        }
        broken = List(faults, isWhole: isWhole.faults) { _, _ in false }
        let waiting = throttled.filter { health[$0.key]?.state != .suspended }
        self.throttled = List(waiting, isWhole: isWhole.throttled) { $0 > $1 }
        unhealthy = List(health, isWhole: isWhole.health) { (rank($0.state), $0.since) < (rank($1.state), $1.since) }
        self.health = health.values.reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
    }
}
