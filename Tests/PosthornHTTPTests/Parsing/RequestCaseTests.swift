import CPosthornTestSockets
import PosthornTestSupport
import Testing

@testable import PosthornHTTP

/// Requests that an HTTP server on the internet must take apart rightly, whole and in any pieces, without a socket and with
/// one.
@Suite(.limited()) struct RequestCaseTests {
    static let next = RequestCase.message("GET /next HTTP/1.1", "Connection: close\r\n")
    static let nextMeaning = RequestCase.Meaning.request("GET", "/next", isLast: true)
    /// Those that can be cut at every byte in a moment.
    static let short = RequestCase.all.filter { $0.bytes.count < 1000 }

    private func expected(_ request: RequestCase) -> [RequestCase.Meaning] {
        request.meanings + (request.letsNextFollow ? [Self.nextMeaning] : [])
    }

    /// The input of a case: what must not be reached behind it, unless the case is about what is not there.
    private func input(_ request: RequestCase) -> [UInt8] {
        request.meanings == [.unfinished] ? request.bytes : request.bytes + Array(Self.next.utf8)
    }

    @Test func theTableIsLargeAndItsNamesDiffer() {
        #expect(RequestCase.all.count >= 212)
        #expect(Set(RequestCase.all.map(\.name)).count == RequestCase.all.count)
    }

    @Test(arguments: RequestCase.all)
    func everyRequestMeansWhatItMust(_ request: RequestCase) {
        let run = MachineRun(pieces: [input(request)])
        #expect(run.meanings(like: expected(request)) == expected(request))
    }

    @Test(arguments: short)
    func itMeansTheSameAByteAtATime(_ request: RequestCase) {
        let run = MachineRun(pieces: input(request).map { [$0] })
        #expect(run.meanings(like: expected(request)) == expected(request))
    }

    @Test(arguments: short)
    func itMeansTheSameCutInTwoAnywhere(_ request: RequestCase) {
        let bytes = input(request)
        for cut in bytes.indices {
            let run = MachineRun(pieces: [Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(run.meanings(like: expected(request)) == expected(request), "cut at \(cut)")
        }
    }

    @Test func aServerAnswersAccordingly() throws {
        let seen = Recorder()
        let server = try HTTPServer { request in
            seen.note(.request(request.method, request.target, body: String(decoding: request.body, as: UTF8.self)), request.headers)
            return .text(request.target)
        }
        for request in RequestCase.all {
            let client = try TestClient(port: server.port)
            client.send(bytes: input(request))
            client.endSending()
            let answers = client.readToEnd()
            #expect(seen.take(like: expected(request)) == Self.requests(expected(request)), "\(request)")
            #expect(Self.statuses(answers).filter { $0 >= 400 } == Self.refusals(expected(request)), "\(request)")
        }
    }

    private static func requests(_ meanings: [RequestCase.Meaning]) -> [RequestCase.Meaning] {
        meanings.compactMap { meaning in
            guard case .request(let method, let target, let body, let field, _) = meaning else { return nil }
            return .request(method, target, body: body, field: field)
        }
    }

    private static func refusals(_ meanings: [RequestCase.Meaning]) -> [Int] {
        meanings.compactMap { if case .refused(let status) = $0 { status } else { nil } }
    }

    private static func statuses(_ answers: String) -> [Int] {
        answers.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.1 ") }.compactMap { Int($0.dropFirst(9).prefix(3)) }
    }
}
