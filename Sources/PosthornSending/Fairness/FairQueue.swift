/// Whose a request is, where something that is short is shared out.
protocol Claimant {
    /// The nodes of its endpoint, from the top of the hierarchy down to its own, as numbers.
    var nodes: [Int] { get }
    /// The endpoint's place in the thread's queue.
    var lane: Int { get }
}

extension Claimant {
    /// All of these, from the top down.
    fileprivate var path: [Int] { nodes + [lane] }
}

/// Elements that wait for something that is short, each for a claimant; and how much of it each claimant holds.
///
/// Next is the tenant at the top of the hierarchy that holds least, then the node below it that holds least, and so on down to the
/// endpoint; among those that hold as much, the one that has waited longest. So requests of one tenant that hang hold up
/// others' only as long as those hold as much, however many there are. What is held is given back, so nobody waits for ever.
///
/// A value. A step costs the depth of the hierarchy times the logarithm of how many wait at each level.
struct FairQueue<Element> {
    private struct Branch {
        let name: Int
        let parent: Int
        /// What it and the branches below it hold, and how many elements wait there.
        var held = 0
        var waiting = 0
        /// Of its entry among its parent's turns; older ones no longer count.
        var version = 0
        /// Since when it waits for its next turn, and what it held when that entry was made. It may hold more by now.
        var since: Int64 = 0
        var listedHeld = 0
        /// The branches below it in which something waits, those that hold least first.
        var turns = DueHeap()
        var branches: [Int: Int] = [:]
        var elements = Fifo<Element>()

        var isIdle: Bool { held == 0 && waiting == 0 }
    }

    /// The first one is the root. Those of endpoints hold the elements.
    private var branches: [Branch] = []
    private var vacant: [Int] = []
    private var lastTurn: Int64 = 0
    private var fullCount = Self.leastFullCount

    private static var leastFullCount: Int { 256 }
    /// Turns that a key has room for; more than that many later those that hold as much go in another order once.
    private static var turnBits: Int64 { 40 }

    /// Whether nothing waits.
    var isEmpty: Bool { branches.isEmpty || branches[0].waiting == 0 }
    /// Whether nothing waits and nothing is held.
    var isIdle: Bool { branches.isEmpty || branches[0].isIdle }
    /// Branches that are remembered.
    var count: Int { branches.count - vacant.count }

    /// Lets an element wait. Returns its claimant.
    @discardableResult
    mutating func append(_ element: Element, for claimant: some Claimant) -> Int {
        let leaf = leaf(of: claimant)
        branches[leaf].elements.append(element)
        var at = leaf
        while at >= 0 {
            branches[at].waiting += 1
            if branches[at].waiting == 1 { list(at, isNewTurn: true) }
            at = branches[at].parent
        }
        return leaf
    }

    /// Whether a branch may get one more.
    /// - Parameters:
    ///   - level: 0 for nodes at the top of the hierarchy.
    ///   - held: What it holds.
    typealias Rule = (_ level: Int, _ held: Int) -> Bool

    /// The element whose turn it is, among those of claimants whose branches all may get one more. A rule that refuses
    /// a branch refuses all that hold as much.
    mutating func first(_ mayGet: Rule = { _, _ in true }) -> Element? {
        nextLeaf(below: 0, 0, mayGet).flatMap { branches[$0].elements.first }
    }

    /// Takes that element out.
    /// - Returns: Also its claimant, for ``hold(_:)-(Int)``.
    mutating func popFirst(_ mayGet: Rule = { _, _ in true }) -> (element: Element, claimant: Int)? {
        guard let leaf = nextLeaf(below: 0, 0, mayGet), let element = branches[leaf].elements.popFirst() else { return nil }
        countDown(leaf, 1)
        return (element, leaf)
    }

    /// Whether all of a claimant's branches may get one more.
    func may(_ claimant: some Claimant, _ mayGet: Rule) -> Bool {
        if branches.isEmpty { return true }
        var at = 0
        for (level, name) in claimant.path.enumerated() {
            guard let next = branches[at].branches[name] else { return true }
            if !mayGet(level, branches[next].held) { return false }
            at = next
        }
        return true
    }

    /// Whether a claimant comes before another one, whom ``append(_:for:)`` has named.
    func precedes(_ claimant: some Claimant, _ other: Int) -> Bool {
        var held: [Int] = []
        var at = other
        while at > 0 {
            held.append(branches[at].held)
            at = branches[at].parent
        }
        return self.held(claimant).lexicographicallyPrecedes(held.reversed())
    }

    /// What a claimant's branches hold, from the top of the hierarchy down.
    private func held(_ claimant: some Claimant) -> [Int] {
        var held: [Int] = []
        var at: Int? = 0
        for name in claimant.path {
            at = at.flatMap { branches[$0].branches[name] }
            held.append(at.map { branches[$0].held } ?? 0)
        }
        return held
    }

    /// A claimant gets one more. Returns what is to be handed to ``release(_:)``.
    mutating func hold(_ claimant: some Claimant) -> Int {
        let leaf = leaf(of: claimant)
        hold(leaf)
        return leaf
    }

    /// A claimant that ``popFirst(_:)`` has named gets one more.
    mutating func hold(_ claimant: Int) { change(claimant, by: 1) }

    /// A claimant has given one back.
    mutating func release(_ claimant: Int) { change(claimant, by: -1) }

    /// Takes out the elements that meet a condition.
    mutating func remove(where condition: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for leaf in branches.indices where !branches[leaf].elements.isEmpty {
            var kept = Fifo<Element>()
            let before = removed.count
            while let element = branches[leaf].elements.popFirst() {
                if condition(element) { removed.append(element) } else { kept.append(element) }
            }
            branches[leaf].elements = kept
            if removed.count > before { countDown(leaf, removed.count - before) }
        }
        return removed
    }

    private mutating func leaf(of claimant: some Claimant) -> Int {
        if branches.isEmpty { branches.append(Branch(name: 0, parent: -1)) }
        if count >= fullCount { forgetIdle() }
        var at = 0
        for node in claimant.nodes { at = branch(node, below: at) }
        return branch(claimant.lane, below: at)
    }

    private mutating func branch(_ name: Int, below parent: Int) -> Int {
        if let known = branches[parent].branches[name] { return known }
        let index = vacant.popLast() ?? branches.count
        if index == branches.count {
            branches.append(Branch(name: name, parent: parent))
        } else {
            // Its former parent may still have an entry of it.
            let version = branches[index].version
            branches[index] = Branch(name: name, parent: parent)
            branches[index].version = version
        }
        branches[parent].branches[name] = index
        return index
    }

    private mutating func nextLeaf(below parent: Int, _ level: Int, _ mayGet: Rule) -> Int? {
        if isEmpty { return nil }
        var skipped: [Int] = []
        defer { for index in skipped { list(index) } }
        while let next = firstTurn(below: parent) {
            // All others hold as much or more.
            if !mayGet(level, branches[next].held) { return nil }
            if !branches[next].elements.isEmpty { return next }
            if let leaf = nextLeaf(below: next, level + 1, mayGet) { return leaf }
            branches[parent].turns.removeFirst()
            skipped.append(next)
        }
        return nil
    }

    private mutating func firstTurn(below parent: Int) -> Int? {
        while let item = branches[parent].turns.first {
            let isOfNow = branches[item.lane].version == item.version
            if isOfNow, branches[item.lane].held == branches[item.lane].listedHeld { return item.lane }
            branches[parent].turns.removeFirst()
            if isOfNow { list(item.lane) }
        }
        return nil
    }

    /// Gives a branch its place among its parent's turns, or none when nothing waits.
    private mutating func list(_ index: Int, isNewTurn: Bool = false) {
        let parent = branches[index].parent
        if parent < 0 { return }
        branches[index].version += 1
        if branches[index].waiting == 0 { return }
        if isNewTurn {
            lastTurn = (lastTurn + 1) & (1 << Self.turnBits - 1)
            branches[index].since = lastTurn
        }
        branches[index].listedHeld = branches[index].held
        let key = Int64(branches[index].held) << Self.turnBits | branches[index].since
        branches[parent].turns.insert(DueHeap.Item(due: key, lane: index, version: branches[index].version))
        if branches[parent].turns.count > 2 * branches[parent].branches.count + 64 { dropOldTurns(of: parent) }
    }

    private mutating func dropOldTurns(of parent: Int) {
        var turns = branches[parent].turns
        turns.removeAll { branches[$0.lane].version != $0.version }
        branches[parent].turns = turns
    }

    private mutating func countDown(_ leaf: Int, _ count: Int) {
        var at = leaf
        while at >= 0 {
            branches[at].waiting -= count
            list(at, isNewTurn: true)
            at = branches[at].parent
        }
    }

    private mutating func change(_ leaf: Int, by count: Int) {
        var at = leaf
        while at >= 0 {
            branches[at].held += count
            if branches[at].waiting > 0, branches[at].held < branches[at].listedHeld { list(at) }
            at = branches[at].parent
        }
    }

    private mutating func forgetIdle() {
        let known = Set(vacant)
        for index in branches.indices.dropFirst() where branches[index].isIdle && !known.contains(index) {
            branches[branches[index].parent].branches[branches[index].name] = nil
            branches[index].turns = DueHeap()
            branches[index].branches = [:]
            vacant.append(index)
        }
        fullCount = max(Self.leastFullCount, count * 2)
    }
}
