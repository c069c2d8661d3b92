import PosthornModel
import PosthornText
import Testing

@testable import PosthornLab

@Suite struct TypeMixTests {
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    @Test func everyStretchHasItsShares() throws {
        let mix = try TypeMix(["a=3", "b=1", "c.*=0.5"])
        let turns = mix.turns(2048)
        for length in [9, 90, 900, 2048] {
            for (item, share) in [6.0 / 9, 2.0 / 9, 1.0 / 9].enumerated() {
                let count = Double(turns.prefix(length).count { $0 == item })
                #expect(abs(count - share * Double(length)) <= 1, "\(length) \(item)")
            }
        }
        #expect(turns == mix.turns(2048))
        #expect(mix.item(of: "c.x") == 2 && mix.item(of: "a") == 0 && mix.item(of: "d") == nil)
    }

    @Test(arguments: [
        (["a"], "is no type with its share"), (["a=0"], "is no type with its share"), (["a=x"], "is no type with its share"),
        (["a=1", "a=2"], "is there twice"), (["a=1", "b=5000"], "is rarer than one event in 2048"), (["=1"], "1 to 128 characters"),
    ])
    func whatIsNoMixIsRefused(texts: [String], message: String) {
        let problem = #expect(throws: InputProblem.self) { try TypeMix(texts) }
        #expect(problem?.field == "mix" && problem?.description.contains(message) == true, "\(problem?.description ?? "")")
    }

    private static func pool(_ texts: [String], seed: UInt64 = 3) throws -> [String] {
        let mix = try TypeMix(texts)
        let pool = try EventPool(.weseedo, seed: seed, at: now, size: TypeMix.poolSize, mix: mix) { mix.item(of: $0) != nil }
        return (0..<pool.count).map { pool.event(UInt64($0), id: "", created: now).type }
    }

    @Test func aStoryIsSentInTheShares() throws {
        let types = Scenario(.weseedo, seed: 0).types
        let (first, second) = (try #require(types.first), try #require(types.last))
        let sent = try Self.pool(["\(first)=3", "\(second)=1"])
        #expect(sent.count == TypeMix.poolSize && sent.count { $0 == first } == 1536 && sent.count { $0 == second } == 512)
        let again = try Self.pool(["\(first)=3", "\(second)=1"])
        #expect(sent == again)
        // An exact type before its pattern has its own share.
        let rest = try Self.pool(["\(first)=1", "*=1"])
        #expect(rest.count { $0 == first } == 1024 && Set(rest).count > 2)
    }

    @Test func aPartThatNothingFitsIsNamed() throws {
        let type = try #require(Scenario(.weseedo, seed: 0).types.first)
        let problem = #expect(throws: InputProblem.self) { try Self.pool(["\(type)=1", "other=1"]) }
        #expect(problem?.value == "other" && problem?.description.contains("its types are \(Scenario(.weseedo, seed: 0).types[0])") == true)
    }
}
