/// The addresses of this machine that stand for a benchmark's hosts: 127.0.0.1 alone, or 127.0.1.1 and those behind it.
package struct LoopbackHosts: Equatable, Sendable {
    /// How many there are.
    package let count: Int

    /// More than these do not fit below 127.0.200.0, from where on other addresses are used.
    package static let limit = 199 * perBlock

    private static let perBlock = 254

    package init(count: Int) { self.count = count }

    /// The address of the endpoint with this number, as text; they take turns.
    package func address(_ number: Int) -> String {
        if count == 1 { return "127.0.0.1" }
        let place = number % count
        return "127.0.\(place / Self.perBlock + 1).\(place % Self.perBlock + 1)"
    }

    /// All of them, in groups of at most so many.
    package func groups(of size: Int) -> [[String]] {
        stride(from: 0, to: count, by: size).map { start in (start..<min(count, start + size)).map(address) }
    }
}
