import CPosthornCurl
import PosthornModel
import PosthornText
@testable import PosthornSending
import PosthornSystem
import Testing

@Suite struct TransferVerdictTests {
    private func head(_ lines: String...) -> ResponseHead {
        var head = ResponseHead()
        for line in lines { _ = Array((line + "\r\n").utf8).withUnsafeBufferPointer { head.take($0) } }
        return head
    }

    private func verdict(_ code: CURLcode, _ head: borrowing ResponseHead, _ intervention: AbortCause? = nil, detail: String = "")
        -> TransferVerdict
    {
        TransferVerdict(code: code, head: head, wasSent: true, intervention: intervention, detail: detail)
    }

    @Test func everyCodeHasAnErrorOfOurs() {
        let table: [(CURLcode, AttemptError)] = [
            (CURLE_OPERATION_TIMEDOUT, .timeout), (CURLE_COULDNT_RESOLVE_HOST, .dns), (CURLE_COULDNT_CONNECT, .connect),
            (CURLE_GOT_NOTHING, .closed), (CURLE_RECV_ERROR, .closed), (CURLE_SEND_ERROR, .closed), (CURLE_SEND_FAIL_REWIND, .closed),
            (CURLE_PEER_FAILED_VERIFICATION, .tls), (CURLE_SSL_CONNECT_ERROR, .tls), (CURLE_SSL_CERTPROBLEM, .tls),
            (CURLE_SSL_CACERT_BADFILE, .tls), (CURLE_WEIRD_SERVER_REPLY, .badResponse), (CURLE_UNSUPPORTED_PROTOCOL, .badResponse),
            (CURLE_OUT_OF_MEMORY, .headersTooLarge), (CURLE_NO_CONNECTION_AVAILABLE, .resources), (CURLE_LDAP_CANNOT_BIND, .other),
        ]
        for (code, error) in table { #expect(verdict(code, ResponseHead()).error == error, "\(code)") }
        // Whatever the code, a failure before the answer is never a success and has a text.
        for raw: UInt32 in 1..<100 {
            let verdict = verdict(CURLcode(rawValue: raw), ResponseHead())
            #expect(verdict.error != nil && verdict.status == nil && !verdict.text.isEmpty, "\(raw)")
        }
    }

    /// What a vendor's file takes for a success is one, and 200 is none where the file names others.
    @Test func othersThan200AreSuccessesWhereAFileSaysSo() {
        for (status, ranges, isSuccess) in [
            (204, [200...299], true), (200, [202...202], false), (202, [202...202], true), (204, nil, false), (200, nil, true),
            (302, [200...299], false),
        ] as [(Int, [ClosedRange<Int>]?, Bool)] {
            let head = head("HTTP/1.1 \(status) X", "")
            let verdict = TransferVerdict(
                code: CURLE_OK,
                head: head,
                success: ranges,
                wasSent: true,
                intervention: nil,
                detail: ""
            )
            #expect((verdict.error == nil) == isSuccess && verdict.status == status, "\(status)")
        }
    }

    @Test func outOfMemoryIsOursBeforeTheRequestWasSent() {
        let verdict = TransferVerdict(code: CURLE_OUT_OF_MEMORY, head: ResponseHead(), wasSent: false, intervention: nil, detail: "")
        #expect(verdict.error == .resources)
    }

    @Test func aWholeHeadSettlesTheAttempt() {
        let ok = head("HTTP/1.1 200 OK", "")
        for code in [CURLE_OK, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE] { #expect(verdict(code, ok).error == nil) }
        #expect(verdict(CURLE_OPERATION_TIMEDOUT, ok).error == .timeout)
        #expect(verdict(CURLE_RECV_ERROR, ok, detail: "Bad hex in chunked-encoding").error == .badResponse)
        #expect(verdict(CURLE_WRITE_ERROR, ok, .bodyLimit).error == nil)
        #expect(verdict(CURLE_OK, head("HTTP/1.1 200 OK")).error == .closed)
        #expect(verdict(CURLE_OK, head("HTTP/1.1 100 Continue", "", "HTTP/1.1 204 No", "")).status == 204)
    }

    @Test(arguments: [
        "HTTP/1.1 200x OK", "HTTP/1.1 2000", "HTTP/1.1 0200 OK", "HTTP/1.1 20 OK", "HTTP/1.1  200 OK", "HTTP/1.1 +200 OK", "HTTP/1.1200 OK",
        "HTTP/1.1 200,OK", "HTTP/x.1 200 OK", "HTTP/ 200 OK", "200 OK", "HTTP/1.1", "x: y",
    ])
    func onlyAStatusLineCountsAsOne(_ line: String) {
        let head = head(line, "")
        #expect(head.isMalformed && !head.isComplete)
        #expect(verdict(CURLE_WRITE_ERROR, head).error == .badResponse)
        #expect(verdict(CURLE_OK, head).status == nil)
    }

    @Test(arguments: ["HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/2 200 ", "HTTP/1.1 200\tOK"])
    func theUsualStatusLinesCount(_ line: String) {
        let verdict = verdict(CURLE_OK, head(line, ""))
        #expect(verdict.status == 200 && verdict.error == nil)
    }

    @Test func aStatusLineInTheMidstOfAHeadIsNone() {
        let head = head("HTTP/1.1 500 No", "HTTP/1.1 200 OK", "")
        #expect(head.isMalformed && head.status == 500 && !head.isComplete)
    }

    @Test func aHeaderLineThatLibcurlHasNoMemoryForIsNamed() {
        let text = verdict(CURLE_OUT_OF_MEMORY, ResponseHead(), detail: "Out of memory").text
        #expect(text == "the answer's head is larger than 65536 bytes")
    }

    @Test func anInterventionNamesItself() {
        let address = NetworkAddress(ipv4: 0x7F00_0001)
        #expect(verdict(CURLE_COULDNT_CONNECT, ResponseHead(), .refusedAddress(address)).error == .refusedAddress)
        #expect(verdict(CURLE_COULDNT_CONNECT, ResponseHead(), .refusedPlainHTTP(address)).text.contains("https"))
        #expect(verdict(CURLE_ABORTED_BY_CALLBACK, ResponseHead(), .secondTry).error == .closed)
        #expect(verdict(CURLE_COULDNT_CONNECT, ResponseHead(), .noSocket(24)).error == .resources)
    }

    @Test func theWishToWaitIsReadAsSecondsOrAsADate() {
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        func wait(_ value: String, status: Int = 503) -> Int64? {
            head("HTTP/1.1 \(status) X", "Retry-After: \(value)", "").retryAfterMilliseconds(now: now)
        }
        #expect(wait("120") == 120_000)
        #expect(wait("  0 ") == 0)
        #expect(wait("Wed, 15 Jul 2020 12:34:14 GMT") == 60_000)
        #expect(wait("Wed, 15 Jul 2020 12:00:00 GMT") == 0)
        for value in ["", "-5", "soon", "1.5"] { #expect(wait(value) == nil, "\(value)") }
        let day: Int64 = 86_400_000
        for value in ["86400", "86401", "9999999999999", "99999999999999999999", "000000000000000000086400"] {
            #expect(wait(value) == day, "\(value)")
        }
        #expect(wait("0000000000000000000000120") == 120_000)
        for value in ["Thu, 16 Jul 2020 12:33:14 GMT", "Fri, 15 Jul 2022 12:34:14 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            #expect(wait(value) == day, "\(value)")
        }
        // Whatever the answer, as long as it is no success.
        for status in [201, 302, 400, 429, 500, 502, 503] { #expect(wait("120", status: status) == 120_000) }
        #expect(wait("120", status: 200) == nil)
    }

    /// libcurl reads such years, and a receiver may send what it likes.
    @Test(arguments: [2_147_483_647, 999_999_999, 292_277_026, 10_000])
    func aDateBeyondAllClocksIsNone(year: Int) {
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        var head = ResponseHead()
        head.wantsDate = true
        for line in ["HTTP/1.1 503 x", "Retry-After: Sun, 06 Nov \(year) 08:49:37 GMT", "Date: Sun, 06 Nov \(year) 08:49:37 GMT", ""] {
            _ = Array((line + "\r\n").utf8).withUnsafeBufferPointer { head.take($0) }
        }
        #expect(head.retryAfterMilliseconds(now: now) == 86_400_000)
        #expect(head.date == nil)
    }
}
