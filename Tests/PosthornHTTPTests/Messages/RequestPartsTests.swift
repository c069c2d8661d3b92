import PosthornHTTP
import Testing

@Suite struct RequestPartsTests {
    @Test func theQueryIsDecodedLikeAForm() {
        let request = HTTPRequest(target: "/p?a=1&b=%26+%2B&c&=d&&a=2&e=%zz%4")
        #expect(request.query.map(\.name) == ["a", "b", "c", "", "a", "e"])
        #expect(request.query.map(\.value) == ["1", "& +", "", "d", "2", "%zz%4"])
        #expect(request.queryValue("a") == "1")
        #expect(request.rawQuery == "a=1&b=%26+%2B&c&=d&&a=2&e=%zz%4")
        #expect(HTTPRequest(target: "/p").rawQuery == nil)
        #expect(HTTPRequest(target: "/p?").query.isEmpty)
    }

    @Test func aPathIsTakenApartBeforeItIsDecoded() {
        #expect(HTTPTarget("/v1/a%2Fb/c%20d//?x=/").segments == ["v1", "a/b", "c d", "", ""])
        #expect(HTTPTarget("/").segments == [""])
        #expect(HTTPTarget("http://h/a%2fb").segments == ["a/b"])
        #expect(HTTPTarget("/%2e%2e/x").segments == ["..", "x"])
        #expect(HTTPTarget("/v1/a%2Fb/c%20d?x").path == "/v1/a%2Fb/c d")
        #expect(HTTPTarget("/v1/a%2fb").rawPath == "/v1/a%2fb")
    }

    @Test func thePathIsDecodedAndAPlusStays() {
        #expect(HTTPRequest(target: "/a+b%C3%A9c%20?x").path == "/a+b\u{E9}c ")
        #expect(HTTPRequest(target: "http://h:1/p?q").path == "/p")
        #expect(HTTPRequest(target: "http://h").path == "/")
        #expect(HTTPRequest(target: "*").path == "*")
    }

    @Test func headersKeepTheirOrderAndForgetTheirCase() {
        let headers: HTTPHeaders = ["B": "1", "a": "2", "b": "3"]
        #expect(headers["b"] == "1")
        #expect(headers.all("B") == ["1", "3"])
        #expect(headers["c"] == nil)
        #expect(headers.map(\.name) == ["B", "a", "b"])
        #expect(headers.count == 3)
    }
}
