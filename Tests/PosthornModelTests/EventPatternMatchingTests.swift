import PosthornModel
import PosthornText
import Testing

/// Patterns of event types against the plainest definition of what fits one.
@Suite struct EventPatternMatchingTests {
    /// By trying every length that a `*` may stand for.
    private func fits(_ pattern: Substring, _ type: Substring) -> Bool {
        guard let first = pattern.first else { return type.isEmpty }
        if first != "*" { return type.first == first && fits(pattern.dropFirst(), type.dropFirst()) }
        return (0...type.count).contains { fits(pattern.dropFirst(), type.dropFirst($0)) }
    }

    @Test func whatFitsIsWhatTheDefinitionSays() throws {
        var random = SeededGenerator(seed: 20)
        func text(_ letters: [Character], _ count: Int) -> String {
            String((0..<count).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
        }
        var fitting = 0
        for round in 0..<20_000 {
            let pattern = text(["a", "b", "*"], 1 + round % 9)
            let type = text(["a", "b"], 1 + round / 9 % 12)
            let expected = fits(pattern[...], type[...])
            #expect(try EventPattern(pattern).matches(type) == expected, "\(pattern) \(type)")
            if expected { fitting += 1 }
        }
        #expect(fitting > 2000)
    }

    @Test func theLongestOnesFit() throws {
        let long = String(repeating: "a", count: 120)
        #expect(try !EventPattern("*" + String(repeating: "a", count: 60) + "b*").matches(long + "12345678"))
        #expect(try EventPattern("*" + String(repeating: "a", count: 60) + "b*").matches(long + "b1234567"))
        #expect(try EventPattern(String(repeating: "*a", count: 64)).matches(long))
        #expect(try !EventPattern(String(repeating: "*a", count: 64)).matches(String(long.prefix(63))))
    }
}
