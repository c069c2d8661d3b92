/// Lanes by the time they may go on, the earliest first: a binary heap.
package struct DueHeap {
    package struct Item {
        package let due: Int64
        package let lane: Int
        /// Of the lane's rate when it began to wait.
        package let version: Int

        package init(due: Int64, lane: Int, version: Int) { (self.due, self.lane, self.version) = (due, lane, version) }
    }

    private var items: [Item] = []

    package init() {}

    package var first: Item? { items.first }
    var count: Int { items.count }

    mutating func removeAll(where isMeant: (Item) -> Bool) {
        let kept = items.filter { !isMeant($0) }
        items.removeAll(keepingCapacity: true)
        for item in kept { insert(item) }
    }

    package mutating func insert(_ item: Item) {
        items.append(item)
        var child = items.count - 1
        while child > 0, items[child].due < items[(child - 1) / 2].due {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    package mutating func removeFirst() {
        items.swapAt(0, items.count - 1)
        items.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count && items[child].due < items[least].due {
                least = child
            }
            if least == parent { return }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
