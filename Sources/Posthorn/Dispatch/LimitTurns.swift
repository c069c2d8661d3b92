/// Endpoints that wait for one limit. The nodes below it take turns, in each of them the nodes below that, and so on down to the
/// endpoints: a company with a thousand endpoints gets as much of its reseller's limit as one with a single one.
struct LimitTurns {
    /// What comes next in the way down: a node, or an endpoint by its index.
    enum Step: Hashable {
        case node(Int)
        case endpoint(Int)
    }

    /// Those below which something waits, the next one first, from `first` on.
    private var ring: [Step] = []
    private var first = 0
    private var branches: [Int: LimitTurns] = [:]

    /// Whether nothing waits.
    var isEmpty: Bool { first == ring.count }

    /// Lets an endpoint wait.
    /// - Parameter nodes: Those between the limit's node and the endpoint, from the top down.
    mutating func append(_ endpoint: Int, below nodes: ArraySlice<Int>) {
        guard let node = nodes.first else { return ring.append(.endpoint(endpoint)) }
        if branches[node] == nil { ring.append(.node(node)) }
        branches[node, default: LimitTurns()].append(endpoint, below: nodes.dropFirst())
    }

    /// Takes out the endpoint whose turn it is.
    mutating func popFirst() -> Int? {
        if isEmpty { return nil }
        let step = ring[first]
        first += 1
        if first > 64, first * 2 > ring.count {
            ring.removeFirst(first)
            first = 0
        }
        switch step {
        case .endpoint(let endpoint): return endpoint
        case .node(let node):
            let endpoint = branches[node]?.popFirst()
            if branches[node]?.isEmpty == false { ring.append(step) } else { branches[node] = nil }
            return endpoint
        }
    }
}
