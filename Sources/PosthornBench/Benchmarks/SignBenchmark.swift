import PosthornText
import CPosthornAllocationCount
import PosthornBenchReports
import PosthornModel
import PosthornFormats
import PosthornSystem

/// What making a request costs, by format and size: envelope, signature and headers, in buffers that are used again.
struct SignBenchmark: Benchmark {
    static let name = "sign"
    static let summary = "what composing and signing one request costs, by format and payload size"
    static let explanation = """
        Composes requests of every format on one thread, with payloads of 100 bytes, 1.2 KB and 100 KB, and prints
        nanoseconds, allocations and (where the machine counts them) instructions in user space for one request. The
        fastest of the rounds counts. "raw" is the floor: the payload copied and nothing signed. Each "file" is a vendor's file whose
        signature is also built in; what it costs more is a figure of its own, in allocations and in time.
        """
    static let example = "posthorn-bench sign --milliseconds 50"
    static var options: [BenchOption<Self>] {
        [
            .count("--milliseconds", "N", "how long one round takes", \.milliseconds),
            .count("--rounds", "N", "rounds of each format and size", \.rounds),
        ]
    }

    static let payloadSizes = [100, 1200, 100_000]

    var milliseconds = 20
    var rounds = 5

    func run() throws -> any BenchResult {
        let counter = InstructionCounter()
        var cells: [SignReport.Cell] = []
        for format in SignedFormat.all {
            for size in Self.payloadSizes { cells.append(try measure(format, size, counter)) }
        }
        return SignReport(cells: cells)
    }

    private func measure(_ format: SignedFormat, _ size: Int, _ counter: InstructionCounter?) throws -> SignReport.Cell {
        let now = SystemClock().now()
        let composer = try format.composer(now)
        let event = AcceptedEvent(
            try Event(checking: "bench-000000000001", type: "bench.sign", node: "bench", created: now, data: Self.payload(size))
        )
        var request = OutboundRequest()
        func compose(_ count: Int) throws {
            for _ in 0..<count {
                request.reset()
                try composer.compose(event, attempt: 1, at: now, into: &request)
            }
        }
        // Warms the buffers and finds out how many requests fill a round.
        var count = 16
        while true {
            let start = MonotonicClock.nanoseconds()
            try compose(count)
            if MonotonicClock.nanoseconds() - start >= Int64(milliseconds) * 1_000_000 { break }
            count *= 2
        }
        var best = SignReport.Cell(format: format.name, payloadBytes: size, requestBytes: request.body.count + request.query.count)
        for _ in 0..<rounds {
            let (start, allocations, instructions) = (
                MonotonicClock.nanoseconds(), posthorn_allocation_count(), counter?.count
            )
            try compose(count)
            let nanoseconds = Double(MonotonicClock.nanoseconds() - start) / Double(count)
            guard nanoseconds < best.nanoseconds else { continue }
            best.nanoseconds = nanoseconds
            best.allocations = Double(posthorn_allocation_count() - allocations) / Double(count)
            if let counter, let instructions { best.instructions = Double(counter.count - instructions) / Double(count) }
        }
        return best
    }

    /// Flat data of so many bytes, with quotes to be escaped about as often as real data has them.
    static func payload(_ size: Int) -> [UInt8] {
        var text = #"{"id":"o1""#
        var i = 0
        while true {
            let member = #","member\#(i)":"value \#(i)""#
            // Room for the last member and the brace.
            if text.utf8.count + member.utf8.count + 10 > size { break }
            text += member
            i += 1
        }
        let rest = size - text.utf8.count - #","pad":""}"#.utf8.count
        return Array((text + #","pad":""# + String(repeating: "y", count: max(0, rest)) + #""}"#).utf8)
    }
}

/// A format of the list, with an endpoint's settings.
struct SignedFormat: Sendable {
    let name: String
    /// Makes what makes its requests.
    let composer: @Sendable (Timestamp) throws -> any RequestComposer

    private init(
        _ name: String,
        method: RequestMethod = .post,
        _ envelope: Envelope,
        _ signature: SignatureScheme,
        _ credentials: [String: String] = [:]
    ) {
        let settings = EndpointSettings(
            id: "bench",
            node: "bench",
            url: "https://receiver.example/hook",
            method: method,
            envelope: envelope,
            signature: signature,
            credentials: credentials.mapValues { .string($0) }
        )
        self.name = name
        composer = { now in
            let composer = try EndpointComposer(settings, now: now)
            try composer.check(type: "bench.sign", data: SignBenchmark.payload(100))
            return composer
        }
    }

    /// The same signature as a vendor's file says it.
    /// - Parameters:
    ///   - signature: The members of the signature.
    ///   - vector: A header that it makes of the body `{}` with the key `k`.
    private init(file name: String, signature: String, vector: String) {
        self.name = name
        composer = { now in
            let document = """
                {"openapi":"3.1.0","info":{"title":"bench","version":"1"},"x-webhook-sender":{"signatures":[{\(signature)}],
                "vectors":[{"credentials":{"secret":"k"},"headers":{\(vector)},"body":"{}"}]},
                "webhooks":{"bench.sign":{"post":{"requestBody":{"content":{"application/json":{"example":{}}}}}}}}
                """
            let settings = EndpointSettings(
                id: "bench",
                node: "bench",
                url: "https://receiver.example/hook",
                envelope: .raw,
                signature: .vendorFile,
                credentials: [VendorDocument.member: try JSONValue.parse(Array(document.utf8)), "secret": .string("It's a Secret")]
            )
            return try EndpointComposer(settings, now: now)
        }
    }

    private static let githubHeader = ["secret": "It's a Secret", "header": "X-Hub-Signature-256", "prefix": "sha256="]
    private static let stripeHeader = [
        "secret": "It's a Secret", "header": "Stripe-Signature", "content": "{timestamp}.{body}",
        "value": "t={timestamp},v1={signature}",
    ]

    static let all = [
        SignedFormat("raw", .raw, .none),
        SignedFormat("weseedo", .weseedo, .none),
        SignedFormat("diio", .diio, .diio, ["signing_secret": "secret"]),
        SignedFormat("conference", .conference, .conferenceToken, ["token": "token"]),
        SignedFormat(
            "webio",
            .webio,
            .webioJWT,
            ["api_key": "key", "organisation_id": "1", "secret": "a secret of more than thirty-two bytes"]
        ),
        SignedFormat("voiso", .voiso, .voisoKey, ["key": "key", "authorization_token": "token"]),
        SignedFormat("voiso GET", method: .get, .voiso, .voisoKey, ["authorization_token": "token"]),
        SignedFormat("standard", .standard, .standardWebhooks, ["secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
        SignedFormat(
            "standard ed25519",
            .standard,
            .standardWebhooks,
            ["secret": "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="]
        ),
        SignedFormat("hmac (GitHub)", .raw, .hmac, githubHeader),
        SignedFormat("hmac (Stripe)", .raw, .hmac, stripeHeader),
        SignedFormat(
            file: "file (GitHub)",
            signature: """
                "algorithm":"hmac-sha256","content":"{body}","place":{"header":"X-Hub-Signature-256","value":"sha256={signature}"}
                """,
            vector: "\"X-Hub-Signature-256\":\"sha256=add853b103fbcc936a194f9eb15e29c4ff08af6e47d5d1bca4f20218e31e4fff\""
        ),
        SignedFormat(
            file: "file (Stripe)",
            signature: """
                "algorithm":"hmac-sha256","content":"{timestamp}.{body}","place":{"header":"Stripe-Signature","value":"t={timestamp},v1={signature}"}
                """,
            vector: "\"Stripe-Signature\":\"t=1,v1=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158\""
        ),
    ]
}
