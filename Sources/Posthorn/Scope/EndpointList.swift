import PosthornModel

/// Which endpoints of a list are wanted.
struct EndpointChoice {
    /// Those in one of these states; all when there is none.
    var states: Set<EndpointState> = []
    /// Whether only those with an order are.
    var inOrder = false

    func matches(_ item: EndpointItem) -> Bool {
        (!inOrder || item.hasOrder) && (states.isEmpty || states.contains(item.state))
    }
}

/// The endpoints of a tree by their ids. In a long list those of each state and those with an order have lists of their own, so that a few
/// among very many are found without going through the others.
struct EndpointList: Sendable {
    /// Up to how many are gone through for those that match.
    static let shortLimit = 1000

    private(set) var all = SortedPieces<EndpointItem>()
    /// `nil` as long as the list is short.
    private var kinds: Kinds?

    private struct Kinds {
        var byState: [EndpointState: SortedPieces<EndpointItem>] = [:]
        var inOrder = SortedPieces<EndpointItem>()

        mutating func put(_ item: EndpointItem) {
            byState[item.state, default: SortedPieces()].put(item)
            if item.hasOrder { inOrder.put(item) }
        }

        mutating func remove(_ item: EndpointItem) {
            byState[item.state]?.remove(item.name)
            if item.hasOrder { inOrder.remove(item.name) }
        }
    }

    /// Adds an endpoint, or takes over what is new about the one of its id.
    mutating func put(_ item: EndpointItem) {
        if kinds != nil, !all.isBehindAll(item.name), let known = all.element(named: item.name) { kinds?.remove(known) }
        all.put(item)
        if kinds != nil {
            kinds?.put(item)
        } else if all.count > Self.shortLimit {
            var made = Kinds()
            for item in all { made.put(item) }
            kinds = made
        }
    }

    /// Takes out the endpoint of an id.
    mutating func remove(_ id: String) {
        if kinds != nil, let known = all.element(named: id) { kinds?.remove(known) }
        all.remove(id)
    }

    /// Lists in which all are that match; few others are in them.
    func lists(of choice: EndpointChoice) -> [SortedPieces<EndpointItem>] {
        guard let kinds else { return [all] }
        if choice.inOrder { return [kinds.inOrder] }
        return choice.states.isEmpty ? [all] : choice.states.map { kinds.byState[$0] ?? SortedPieces() }
    }

    /// How many are in each state.
    var counts: [EndpointState: Int] {
        guard let kinds else { return all.reduce(into: [:]) { $0[$1.state, default: 0] += 1 } }
        return kinds.byState.mapValues(\.count).filter { $0.value > 0 }
    }
}
