import PosthornModel
import Testing

/// How long what has ended is kept.
@Suite struct RetentionPolicyTests {
    @Test func aStatesOwnLengthGoesFirst() throws {
        let policy = try RetentionPolicy(["30d", "exhausted=90d"])
        let day: Int64 = 86_400_000
        let (delivered, exhausted) = (policy.milliseconds(for: .delivered), policy.milliseconds(for: .exhausted))
        #expect(delivered == 30 * day && exhausted == 90 * day)
        // What nothing is said of is kept for ever.
        #expect(try RetentionPolicy(["delivered=1h"]).milliseconds(for: .cancelled) == nil)
    }

    @Test(arguments: [
        (["soon"], "is not a length"), (["0s"], "is not a length"), (["pending=1d"], "names no state that ends a delivery"),
        (["delivred=1d"], #"did you mean "delivered"?"#), (["1d", "2d"], "second length for all states"),
        (["exhausted=1d", "exhausted=2d"], "second length for exhausted"), (["=1d"], "names no state"),
    ])
    func textsThatAreNotUnderstoodAreNamed(_ texts: [String], _ words: String) {
        let problem = #expect(throws: InputProblem.self) { try RetentionPolicy(texts) }
        #expect(problem?.reason.contains(words) == true && problem?.value == texts.last)
    }
}
