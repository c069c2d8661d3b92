extension RequestCase {
    private static func length(_ value: String) -> String { post("Content-Length: \(value)\r\n") }

    static let lengths: [RequestCase] = [
        RequestCase("the same length twice", post("Content-Length: 2\r\nContent-Length: 2\r\n"), .malformed),
        RequestCase("two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n"), .malformed),
        RequestCase("0 and another length", post("Content-Length: 0\r\nContent-Length: 2\r\n"), .malformed),
        RequestCase("a length with +", length("+2"), .malformed),
        RequestCase("a length with -", length("-2"), .malformed),
        RequestCase("a list of one length", length("2, 2"), .malformed),
        RequestCase("a list of two lengths", length("2, 3"), .malformed),
        RequestCase("a blank behind a length", length("2 "), .post("hi")),
        RequestCase("a hexadecimal length", length("0x2"), .malformed),
        RequestCase("two numbers", length("2 2"), .malformed),
        RequestCase("a letter behind a length", length("2a"), .malformed),
        RequestCase("zeros before a length", length("0002"), .post("hi")),
        RequestCase("a fraction", length("2.0"), .malformed),
        RequestCase("an underscore", length("0_2"), .malformed),
        RequestCase("no length", length(""), .malformed),
        RequestCase("a quoted length", length("\"2\""), .malformed),
        RequestCase("a vertical tab before a length", length("\u{B}2"), .malformed),
        RequestCase("NUL in a length", length("2\u{0}0"), .malformed),
        RequestCase("2^64 + 2", length("18446744073709551618"), .malformed),
        RequestCase("2^63", length("9223372036854775808"), .malformed),
        RequestCase("300 digits", length(String(repeating: "9", count: 300)), .malformed),
        RequestCase("more than the limit", length("1000000000"), .refused(413)),
    ]

    private static let twoBytes = "2\r\nhi\r\n0\r\n\r\n"
    private static func coding(_ value: String) -> String { post("Transfer-Encoding: \(value)\r\n", twoBytes) }

    static let codings: [RequestCase] = [
        RequestCase("a length, then chunks", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", twoBytes), .malformed),
        RequestCase("chunks, then a length", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", twoBytes), .malformed),
        RequestCase(
            "chunks in HTTP/1.0",
            message("POST /one HTTP/1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", twoBytes),
            .malformed
        ),
        RequestCase("identity", coding("identity"), .refused(501)),
        RequestCase("chunked twice in a list", coding("chunked, chunked"), .malformed),
        RequestCase("another coding", coding("xchunked"), .refused(501)),
        RequestCase("gzip", coding("gzip"), .refused(501)),
        RequestCase("gzip, then chunked", coding("gzip, chunked"), .malformed),
        RequestCase("chunked, then gzip", coding("chunked, gzip"), .malformed),
        RequestCase("CHUNKED", coding("CHUNKED"), .post("hi")),
        RequestCase("a tab before the coding", coding("\tchunked"), .post("hi")),
        RequestCase("a quoted coding", coding("\"chunked\""), .malformed),
        RequestCase("a parameter", coding("chunked;q=1"), .malformed),
        RequestCase("a vertical tab before the coding", coding("\u{B}chunked"), .malformed),
        RequestCase("no coding", coding(""), .malformed),
        RequestCase("a comma before the coding", coding(", chunked"), .malformed),
        RequestCase("a comma behind the coding", coding("chunked,"), .malformed),
        RequestCase("NUL behind the coding", coding("chunked\0"), .malformed),
        RequestCase("a letter too few", coding("chunke"), .refused(501)),
        RequestCase("chunked in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", twoBytes), .malformed),
        RequestCase("chunked and identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", twoBytes), .malformed),
        RequestCase("a length and identity", post("Content-Length: 2\r\nTransfer-Encoding: identity\r\n"), .refused(501)),
        RequestCase("gzip and a length", post("Transfer-Encoding: gzip\r\nContent-Length: 2\r\n"), .refused(501)),
        RequestCase("a length and gzip", post("Content-Length: 2\r\nTransfer-Encoding: gzip\r\n"), .refused(501)),
        RequestCase("an underscore in the name", post("Transfer_Encoding: chunked\r\nContent-Length: 2\r\n"), .post("hi")),
    ]

    private static func refusedChunks(_ rows: [(String, String)]) -> [RequestCase] {
        rows.map { RequestCase($0.0, chunked($0.1), .malformed) }
    }

    static let chunks =
        refusedChunks([
            ("a blank and more behind a size", "2 x\r\nhi\r\n0\r\n\r\n"),
            ("a blank behind a size", "2 \r\nhi\r\n0\r\n\r\n"),
            ("a tab behind a size", "2\t\r\nhi\r\n0\r\n\r\n"),
            ("a blank before a size", " 2\r\nhi\r\n0\r\n\r\n"),
            ("0x before a size", "0x2\r\nhi\r\n0\r\n\r\n"),
            ("+ before a size", "+2\r\nhi\r\n0\r\n\r\n"),
            ("- before a size", "-2\r\nhi\r\n0\r\n\r\n"),
            ("a size of 2^64 + 2", "10000000000000002\r\nhi\r\n0\r\n\r\n"),
            ("a size of 2^63 + 2", "8000000000000002\r\nhi\r\n0\r\n\r\n"),
            ("no size", "\r\nhi\r\n0\r\n\r\n"),
            ("a size of g", "g\r\nhi\r\n0\r\n\r\n"),
            ("an underscore in a size", "0_2\r\nhi\r\n0\r\n\r\n"),
            ("no line end behind a chunk", "2\r\nhi0\r\n\r\n"),
            ("other bytes behind a chunk", "2\r\nhiXX0\r\n\r\n"),
            ("LF behind a chunk", "2\r\nhi\n0\r\n\r\n"),
            ("LF behind a size", "2\nhi\r\n0\r\n\r\n"),
            ("CR behind a size", "2\rhi\r\n0\r\n\r\n"),
            ("two CR behind a size", "2\r\r\nhi\r\n0\r\n\r\n"),
            ("LF behind an extension", "2;a\nhi\r\n0\r\n\r\n"),
            ("LF in an extension", "2;a\nxx\r\nhi\r\n0\r\n\r\n"),
            ("CR in an extension", "2;a\rb\r\nhi\r\n0\r\n\r\n"),
            ("NUL in an extension", "2;a\u{0}\r\nhi\r\n0\r\n\r\n"),
            ("an extension without a name", "2;\r\nhi\r\n0\r\n\r\n"),
            ("an extension without a value", "2;a=\r\nhi\r\n0\r\n\r\n"),
            ("an open quote", "2;a=\"\r\nhi\r\n0\r\n\r\n"),
            ("a quote that an escape keeps open", "2;a=\"\\\"\r\nhi\r\n0\r\n\r\n"),
            ("LF in quotes", "2;a=\"\n\"\r\nhi\r\n0\r\n\r\n"),
            ("NUL in quotes", "2;a=\"\u{0}\"\r\nhi\r\n0\r\n\r\n"),
            ("a blank before an extension", "2 ;a=b\r\nhi\r\n0\r\n\r\n"),
            ("a blank behind the last size", "2\r\nhi\r\n0 x\r\n\r\n"),
            ("a last size of 2^64", "2\r\nhi\r\n10000000000000000\r\n\r\n"),
            ("CR X at the body's end", "2\r\nhi\r\n0\r\n\rX"),
            ("40 zeros before a size", String(repeating: "0", count: 40) + "2\r\nhi\r\n0\r\n\r\n"),
            ("LF at the body's end", "2\r\nhi\r\n0\r\n\n"),
            ("a trailer without a colon", "2\r\nhi\r\n0\r\ngarbage\r\n\r\n"),
            ("a blank in a trailer's name", "2\r\nhi\r\n0\r\nX T: 1\r\n\r\n"),
            ("NUL in a trailer", "2\r\nhi\r\n0\r\nX: \u{0}\r\n\r\n"),
            ("a folded trailer", "2\r\nhi\r\n0\r\nX: 1\r\n 2\r\n\r\n"),
        ]) + [
            RequestCase("a size of 2^32 + 2", chunked("100000002\r\nhi\r\n0\r\n\r\n"), .refused(413)),
            RequestCase("an extension", chunked("2;a=b\r\nhi\r\n0\r\n\r\n"), .post("hi")),
            RequestCase("a quoted extension", chunked("2;a=\"b;\\\" c\";d\r\nhi\r\n0\r\n\r\n"), .post("hi")),
            RequestCase("an extension of the last chunk", chunked("2\r\nhi\r\n0;a=b\r\n\r\n"), .post("hi")),
            RequestCase("only the last chunk", chunked("0\r\n\r\n"), .post("")),
            RequestCase("only a trailer", chunked("0\r\nX-T: 1\r\n\r\n"), .post("")),
            RequestCase("a size of A", chunked("A\r\n0123456789\r\n0\r\n\r\n"), .post("0123456789")),
            RequestCase("a last size of 00", chunked("2\r\nhi\r\n00\r\n\r\n"), .post("hi")),
            RequestCase("a trailer", chunked("2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n"), .post("hi")),
            RequestCase("a length in the trailer", chunked("2\r\nhi\r\n0\r\nContent-Length: 9\r\n\r\n"), .post("hi")),
            RequestCase("a host in the trailer", chunked("2\r\nhi\r\n0\r\nHost: b\r\n\r\n"), .post("hi")),
        ]

    /// What is not whole, and what waits for 100 (Continue).
    static let ends: [RequestCase] = [
        RequestCase("half a head", "GET /one HTTP/1.1\r\nHost: a\r\nX-", .unfinished),
        RequestCase("half a body", post("Content-Length: 9\r\n"), .unfinished),
        RequestCase("half a chunk", chunked("9\r\nhi"), .unfinished),
        RequestCase("no last chunk", chunked("2\r\nhi\r\n"), .unfinished),
        RequestCase("half a last chunk", chunked("2\r\nhi\r\n0\r\n"), .unfinished),
        RequestCase("100 is waited for", post("Content-Length: 2\r\nExpect: 100-continue\r\n"), .post("hi")),
        RequestCase(
            "100 in HTTP/1.0",
            message("POST /one HTTP/1.0", "Content-Length: 2\r\nExpect: 100-continue\r\n", "hi"),
            .request("POST", "/one", body: "hi", isLast: true)
        ),
        RequestCase("another expectation", post("Content-Length: 2\r\nExpect: foo\r\n"), .refused(417)),
        RequestCase("100 for too long a body", post("Content-Length: 1000000000\r\nExpect: 100-continue\r\n"), .refused(413)),
    ]

    private static func many(_ count: Int, _ text: (Int) -> String) -> String { (0..<count).map(text).joined() }

    /// What would take up memory or time without an end. The limits are those that a server has by default.
    static let sizes: [RequestCase] = [
        RequestCase("a value of 1 MiB", get("X-A: " + String(repeating: "a", count: 1 << 20) + "\r\n"), .refused(431)),
        RequestCase("10,000 fields", get(many(10_000) { "X-\($0): \($0)\r\n" }), .refused(431)),
        RequestCase("1,000 fields", get(many(1000) { "X-\($0): \($0)\r\n" }), .refused(431)),
        RequestCase("100 fields", get(many(99) { "X-\($0): \($0)\r\n" }), .get("x-98", "98")),
        RequestCase("101 fields", get(many(100) { "X-\($0): \($0)\r\n" }), .refused(431)),
        RequestCase(
            "1,000 pairs in the query",
            line("GET /q?\(many(1000) { "k\($0)=\($0)&" }) HTTP/1.1"),
            .request("GET", "/q?\(many(1000) { "k\($0)=\($0)&" })")
        ),
        RequestCase("a target of 64 KiB", line("GET /\(String(repeating: "a", count: 1 << 16)) HTTP/1.1"), .refused(414)),
        RequestCase("a target of 1 MiB", line("GET /\(String(repeating: "a", count: 1 << 20)) HTTP/1.1"), .refused(414)),
        RequestCase("a method of 64 KiB", line("\(String(repeating: "G", count: 1 << 16)) /one HTTP/1.1"), .refused(414)),
        RequestCase("an extension of 1 MiB", chunked("2;\(String(repeating: "a", count: 1 << 20))\r\nhi\r\n0\r\n\r\n"), .malformed),
        RequestCase(
            "20,000 chunks with an extension each",
            chunked(many(20_000) { _ in "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n" } + "0\r\n\r\n"),
            .malformed
        ),
        RequestCase(
            "1 MiB of trailers",
            chunked("0\r\n" + many(20_000) { "X-\($0): aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" } + "\r\n"),
            .refused(431)
        ),
        RequestCase("1 MiB of empty lines", String(repeating: "\r\n", count: 1 << 19) + get(), .malformed),
        RequestCase("a body of 9 MiB", post("Content-Length: 9437184\r\n", String(repeating: "x", count: 9 << 20)), .refused(413)),
        RequestCase(
            "9 MiB in chunks",
            chunked(many(144) { _ in "10000\r\n\(String(repeating: "x", count: 1 << 16))\r\n" } + "0\r\n\r\n"),
            .refused(413)
        ),
        RequestCase("a chunk size that goes on", chunked(String(repeating: "0", count: 1 << 16)), .malformed),
    ]
}
