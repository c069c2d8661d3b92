public import PosthornModel
import PosthornText

/// Which types of events a load sends, and how many of each beside the others.
public struct TypeMix: Equatable, Sendable {
    /// Types that fit a pattern, and their share beside those of the others.
    struct Item: Equatable, Sendable {
        let pattern: EventPattern
        let weight: Double
    }

    let items: [Item]

    /// Events of a load are made before it starts, so many of them; what is rarer than one of them would not be among them.
    static let poolSize = 2048
    private static let weightLimit = 1_000_000.0

    /// Reads `order.paid=3`, `order.*=1`, in any number and order.
    /// - Throws: ``InputProblem`` for what is none, with an example of one.
    public init(_ texts: [String]) throws(InputProblem) {
        var items: [Item] = []
        for text in texts {
            func problem(_ reason: String) -> InputProblem { InputProblem(field: "mix", value: text, reason: reason) }
            guard let at = text.lastIndex(of: "="), let weight = Quantity.decimal(text[text.index(after: at)...]), weight > 0,
                weight <= Self.weightLimit
            else { throw problem("is no type with its share; write order.paid=3, order.*=1") }
            let pattern: EventPattern
            do throws(InputProblem) { pattern = try EventPattern(String(text[..<at])) } catch { throw problem(error.reason) }
            if items.contains(where: { $0.pattern == pattern }) { throw problem("is there twice; give it once, with both shares") }
            items.append(Item(pattern: pattern, weight: weight))
        }
        self.items = items
        if let rare = items.first(where: { $0.weight / sum < 1 / Double(Self.poolSize) }) {
            throw InputProblem(
                .outOfRange,
                field: "mix",
                value: rare.pattern.text,
                reason: "is rarer than one event in \(Self.poolSize); give it a larger share"
            )
        }
    }

    private var sum: Double { items.reduce(0) { $0 + $1.weight } }

    /// The first item that a type fits; `nil` where it fits none.
    func item(of type: String) -> Int? { items.firstIndex { $0.pattern.matches(type) } }

    /// Which item has each turn, so that after any number of turns each had as many as its share says, give or take one or two: the
    /// most indebted one is next.
    func turns(_ count: Int) -> [Int] { Self.turns(count, weights: items.map(\.weight)) }

    static func turns(_ count: Int, weights: [Double]) -> [Int] {
        var debts = weights.map { _ in 0.0 }
        let sum = weights.reduce(0, +)
        return (0..<count).map { _ in
            for i in weights.indices { debts[i] += weights[i] }
            let next = debts.indices.max { debts[$0] < debts[$1] } ?? 0
            debts[next] -= sum
            return next
        }
    }

    /// Events in the order of the turns: each item's own again and again.
    /// - Throws: Which item has none.
    /// - Parameter types: Those that there are, for who named another.
    func arranged<Event>(_ events: [[Event]], types: [String]) throws(InputProblem) -> [Event] {
        if let empty = events.firstIndex(where: \.isEmpty) {
            throw InputProblem(
                .unknownWord,
                field: "mix",
                value: items[empty].pattern.text,
                reason: "fits no type of this vendor that another part of the mix does not take; its types are "
                    + types.joined(separator: ", ")
            )
        }
        var taken = items.map { _ in 0 }
        return turns(Self.poolSize).map { item in
            defer { taken[item] += 1 }
            return events[item][taken[item] % events[item].count]
        }
    }
}
