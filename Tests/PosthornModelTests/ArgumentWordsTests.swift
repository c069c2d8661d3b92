import PosthornText
import Testing

@Suite struct ArgumentWordsTests {
    private static func words(_ words: [String]) -> [ArgumentWords.Word] {
        var rest = ArgumentWords(words[...])
        var found: [ArgumentWords.Word] = []
        while let word = rest.next() { found.append(word) }
        return found
    }

    @Test func aValueMayBeAttachedToItsFlag() {
        #expect(Self.words(["--db=a=b", "--json", "x"]) == [.flag("--db", attached: "a=b"), .flag("--json", attached: nil), .plain("x")])
        #expect(Self.words(["--db="]) == [.flag("--db", attached: "")])
    }

    @Test func afterTwoDashesNothingIsAFlag() {
        #expect(Self.words(["-", "--", "--json", "--", "-"]) == [.plain("-"), .plain("--json"), .plain("--"), .plain("-")])
        #expect(Self.words(["--"]).isEmpty)
    }

    @Test func theNextWordIsAValueUnlessItIsAFlag() {
        for (rest, value) in [(["7", "8"], "7"), (["-"], "-"), (["-3"], "-3"), ([""], ""), (["--json"], nil), ([], nil)]
            as [([String], String?)]
        {
            var words = ArgumentWords((["--n"] + rest)[...])
            #expect(words.next() == .flag("--n", attached: nil))
            #expect(words.value(nil) == value, "\(rest)")
        }
        var words = ArgumentWords(["--n=", "7"])
        _ = words.next()
        #expect(words.value("").map { $0.isEmpty } == true && words.next() == .plain("7"))
    }
}
