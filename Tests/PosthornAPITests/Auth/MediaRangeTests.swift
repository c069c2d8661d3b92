import Testing

@testable import PosthornAPI

@Suite struct MediaRangeTests {
    @Test(arguments: [
        ("*/*", "application/json", true), ("application/*", "application/json", true), ("Application/JSON", "application/json", true),
        ("application/json;q=0", "application/json", false), ("application/json; q=0.000", "application/json", false),
        ("application/json; q=0.1", "application/json", true), ("text/*", "application/json", false),
        ("application/jsonx", "application/json", false),
    ])
    func rangesIncludeTypes(_ range: String, _ type: String, _ includes: Bool) throws {
        #expect(try #require(MediaRange(range)).includes(type) == includes)
    }

    @Test func charsetsAreReadAndNonsenseIsNone() {
        #expect(MediaRange(" application/json ; charset=\"UTF-8\"")?.charset == "utf-8")
        #expect(MediaRange("json") == nil)
        #expect(MediaRange("") == nil)
        #expect(MediaRange("a/b/c") == nil)
    }
}
