/// The nodes at the top of the hierarchy that all endpoints of a thread are below: shares are for those who differ.
struct CommonNodes {
    private var nodes: [Int]?
    /// Whether endpoints of several nodes are known.
    private(set) var areSeveral = false

    /// The first level at which tenants differ; the endpoints' own where all of them are at one node.
    var firstLevel: Int {
        let count = nodes?.count ?? 0
        return areSeveral ? count : max(0, count - 1)
    }

    /// Takes an endpoint into account. Returns whether anything has changed.
    /// - Parameter other: Its nodes from the top down; see ``Claimant``.
    mutating func see(_ other: [Int]) -> Bool {
        guard let known = nodes else {
            nodes = other
            return true
        }
        if known == other || areSeveral && other.starts(with: known) { return false }
        areSeveral = true
        nodes = zip(known, other).prefix { $0 == $1 }.map(\.0)
        return true
    }
}
