import Testing

@testable import PosthornHTTP

@Suite struct ResponseHeadTests {
    private func head(_ headers: HTTPHeaders, _ end: ResponseHead.BodyEnd, status: Int = 200, closes: Bool = false) -> String {
        var out: [UInt8] = []
        let additions = ResponseHead.Additions(bodyEnd: end, closes: closes, date: Array("now".utf8), requestID: HTTPRequestID(0xAB))
        ResponseHead.write(status: status, headers, additions, into: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test func theServersOwnFieldsComeFirstAndOnce() {
        let text = head(["X": "1", "content-length": "7", "Date": "then", "CONNECTION": "x", "Transfer-Encoding": "y"], .length(120))
        let id = "X-Request-Id: 00000000000000ab\r\n"
        #expect(text == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 120\r\n\(id)X: 1\r\n\r\n")
    }

    @Test func aBodyOfUnknownLengthIsSentInChunks() {
        #expect(head([:], .chunked, closes: true).contains("\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"))
        #expect(!head([:], .none, status: 204).contains("Content-Length"))
    }

    @Test(arguments: ["a\r\nX-B: 1", "a\nb", "a\rb", "a\u{0}b", "a\u{7F}"])
    func aValueThatWouldLeaveItsLineIsLeftOut(_ value: String) {
        #expect(!head(["X-A": value], .length(0)).contains("X-A"))
        #expect(!head([value: "1"], .length(0)).contains("1\r\n\r\n"))
    }

    @Test func aStatusThatIsNoneIsSentAs500() {
        #expect(head([:], .none, status: 99).hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
        #expect(head([:], .none, status: 299).hasPrefix("HTTP/1.1 299 \r\n"))
    }

    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
        ] as [(Int64, String)]
    )
    func aDateIsWrittenAsHTTPWritesIt(_ second: Int64, _ text: String) {
        var date = HTTPDate()
        date.set(secondsSince1970: second)
        #expect(String(decoding: date.bytes, as: UTF8.self) == text)
    }

    @Test func numbersAreWrittenInDigits() {
        var out: [UInt8] = []
        for number in [0, 9, 10, 1_000_000, Int.max] {
            out.append(decimal: number)
            out.append(.space)
        }
        #expect(String(decoding: out, as: UTF8.self) == "0 9 10 1000000 9223372036854775807 ")
    }

    @Test func aMessageOfAStreamKeepsItsLines() {
        let event = ServerSentEvent(id: "7\n8", type: "set\u{0}tled", data: "a\r\nb\rc\n")
        #expect(String(decoding: event.bytes, as: UTF8.self) == "id: 78\nevent: settled\ndata: a\ndata: b\ndata: c\ndata: \n\n")
        #expect(String(decoding: ServerSentEvent(data: "").bytes, as: UTF8.self) == "data: \n\n")
    }
}
