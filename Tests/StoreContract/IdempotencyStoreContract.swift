import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let idempotencyRules: [Rule] = [
        Rule("a request begins once, and what it was answered with is kept for a day") { try $0.requestsBeginOnce() },
        Rule("a request that is forgotten begins again, and those of others are others") { try $0.requestsAreForgotten() },
    ]

    private func request(_ name: String, owner: String = "a", digest: String = "d", at moment: Timestamp? = nil) -> RepeatableRequest {
        RepeatableRequest(owner: owner, name: name, digest: digest, created: moment ?? now)
    }

    private func requestsBeginOnce() throws {
        let store = try open()
        func begin(_ request: RepeatableRequest) throws -> RepeatableRequest? {
            try store.write { () throws(OutboxProblem) in try store.begin(request) }
        }
        #expect(try begin(request("n")) == nil)
        #expect(try begin(request("n", digest: "other")) == request("n"))
        let answer = RepeatableRequest.Answer(status: 201, contentType: "application/json", location: "/x", body: Array("{}".utf8))
        try store.write { () throws(OutboxProblem) in try store.end(request("n"), answer) }
        #expect(try begin(request("n", at: later(86_400_000)))?.answer == answer)
        #expect(try begin(request("n", at: later(86_400_001))) == nil)
        let without = RepeatableRequest.Answer(status: 204, contentType: nil, location: nil, body: nil)
        try store.write { () throws(OutboxProblem) in try store.end(request("n"), without) }
        #expect(try begin(request("n", at: later(86_400_002)))?.answer == without)
    }

    private func requestsAreForgotten() throws {
        let store = try open()
        func begin(_ request: RepeatableRequest) throws -> RepeatableRequest? {
            try store.write { () throws(OutboxProblem) in try store.begin(request) }
        }
        #expect(try begin(request("n")) == nil && begin(request("n", owner: "b")) == nil)
        try store.write { () throws(OutboxProblem) in try store.end(request("n"), nil) }
        #expect(try begin(request("n")) == nil && begin(request("n", owner: "b")) != nil)
        let problem = #expect(throws: OutboxProblem.self) {
            try store.write { () throws(OutboxProblem) in
                for number in 0...RepeatableRequest.limitEach { _ = try store.begin(request("n\(number)", owner: "c")) }
            }
        }
        #expect(problem?.code == .refused)
    }
}
