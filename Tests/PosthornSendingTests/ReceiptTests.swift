import PosthornModel
import PosthornSending
import PosthornTestSupport
import Testing

/// One receipt per recorded attempt: nothing is sent twice behind our back, and no answer is taken for another one's.
@Suite struct ReceiptTests {
    @Test(arguments: [(RequestMethod.post, 10), (.post, 30_000), (.post, 200_000), (.get, 10)])
    func aKeptAliveConnectionThatDiesIsOneReceiptAndOneFailure(_ method: RequestMethod, _ bytes: Int) throws {
        let receiver = try MisbehavingReceiver { $0.indexOnConnection == 0 ? .ok : .close }
        let bench = try Bench()
        let body = String(repeating: "a", count: bytes)
        #expect(try bench.outcome(of: receiver.url, body: body, method: method)?.succeeded == true)
        let second = try #require(try bench.outcome(of: receiver.url, body: body, method: method))
        #expect(second.error == .closed, "\(second)")
        #expect(!second.address.isEmpty)
        #expect(receiver.requests.count == 2)
        #expect(receiver.connectionCount == 1)
        #expect(try bench.outcome(of: receiver.url, body: body, method: method)?.succeeded == true)
        #expect(receiver.requests.count == 3)
        #expect(receiver.connectionCount == 2)
    }

    @Test(arguments: [10, 200_000])
    func aKeptAliveConnectionThatIsResetIsOneReceiptAndOneFailure(_ bytes: Int) throws {
        let receiver = try MisbehavingReceiver { $0.indexOnConnection == 0 ? .ok : .reset }
        let bench = try Bench()
        let body = String(repeating: "a", count: bytes)
        #expect(try bench.outcome(of: receiver.url, body: body)?.succeeded == true)
        #expect(try bench.outcome(of: receiver.url, body: body)?.error == .closed)
        #expect(receiver.requests.count == 2)
    }

    @Test func anExtraAnswerIsNeverReadAsTheNextOnes() throws {
        let receiver = try MisbehavingReceiver { request in
            // The first answer comes with another 200 behind it in the same write; every later request is refused.
            let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
            let stale = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale"
            return request.connection == 0 && request.indexOnConnection == 0 ? .raw(ok + stale) : .status(500, body: "real")
        }
        let bench = try Bench()
        #expect(try bench.outcome(of: receiver.url)?.succeeded == true)
        for _ in 0..<3 {
            let outcome = try #require(try bench.outcome(of: receiver.url))
            #expect(outcome.status == 500)
            #expect(outcome.response == Array("real".utf8))
        }
        #expect(receiver.requests.count == 4)
    }

    @Test func anExtraAnswerThatComesLateIsNoticedBeforeTheNextRequest() throws {
        let receiver = try MisbehavingReceiver { request in
            request.connection == 0
                ? Reply.ok.then(.hold, .send(Array("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale".utf8)))
                : .status(500)
        }
        let bench = try Bench()
        #expect(try bench.outcome(of: receiver.url)?.succeeded == true)
        receiver.release()
        #expect(receiver.waitForStepsDone(1))
        #expect(try bench.outcome(of: receiver.url)?.status == 500)
        #expect(receiver.connectionCount == 2)
        #expect(receiver.requests.count == 2)
    }

    @Test func aConnectionClosedWhileIdleIsReplacedWithoutAFailure() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.then(.close) }
        let bench = try Bench()
        for _ in 0..<5 {
            let count = receiver.requests.count
            #expect(try bench.outcome(of: receiver.url)?.succeeded == true)
            #expect(receiver.waitForOpenConnections(atMost: 0))
            #expect(receiver.requests.count == count + 1)
        }
    }

    /// The end comes right behind each answer, so that it often crosses the next request. When that has come and is left unread
    /// the connection is reset, which says nothing; from the first time on there are no kept connections for a while, and then longer.
    @Test(arguments: [10, 30_000]) func aReceiverThatClosesAfterEachAnswerCostsNoAttempts(_ bytes: Int) throws {
        let limit = 4
        let receiver = try MisbehavingReceiver { _ in Reply.ok.then(.close) }
        let bench = try Bench()
        let target = try Bench.target(receiver.url, inFlight: limit)
        let body = String(repeating: "a", count: bytes)
        bench.pool.submit((1...2000).map { Bench.job($0, target, body: body) })
        let results = bench.waitForResults(2000)
        #expect(results.count == 2000)
        let failed = results.filter { !$0.outcome.succeeded }
        #expect(failed.count <= 10 * limit, "\(failed.count): \(failed.first.map { "\($0.outcome)" } ?? "")")
        #expect(receiver.requests.count >= 2000 - failed.count && receiver.requests.count <= 2000)
    }

    @Test func connectionsAreUsedAgain() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try Bench()
        for _ in 0..<50 { #expect(try bench.outcome(of: receiver.url)?.succeeded == true) }
        #expect(receiver.connectionCount == 1)
        #expect(bench.results.allSatisfy { $0.outcome.address == "127.0.0.1:\(receiver.port)" })
    }

    @Test func manyJobsGiveOneReceiptEach() throws {
        let receiver = try MisbehavingReceiver { $0.indexOnConnection == 6 ? .close : .ok }
        let bench = try Bench()
        let target = try Bench.target(receiver.url)
        bench.pool.submit((1...2000).map { Bench.job($0, target, body: "{\"n\":\($0)}") })
        let results = bench.waitForResults(2000)
        #expect(results.count == 2000)
        #expect(Set(results.map(\.job.id)).count == 2000)
        #expect(receiver.requests.count == 2000)
        #expect(results.allSatisfy { $0.outcome.succeeded || $0.outcome.error == .closed })
    }
}
