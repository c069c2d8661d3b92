package import PosthornFormats
package import PosthornHTTP
package import PosthornModel
package import PosthornSystem

/// Checks the requests of a vendor that a file describes: what a ``Receiver`` is given as its check.
package struct VendorCheck: Sendable {
    private let verifier: VendorVerifier
    private let scheme: String
    private let clock: any PosthornClock

    /// - Parameters:
    ///   - vendor: How it signs, and its keys.
    ///   - scheme: `http` or `https`, which some vendors sign as a part of the URL.
    ///   - clock: What signed moments are held against.
    package init(_ vendor: FileVendor, scheme: String = "http", clock: any PosthornClock = SystemClock()) throws(InputProblem) {
        verifier = try vendor.verifier()
        self.scheme = scheme
        self.clock = clock
    }

    /// Judges a request.
    package func verdict(_ request: HTTPRequest) -> ReceiverVerdict {
        let received = VendorVerifier.Request(
            method: request.method,
            url: "\(scheme)://\(request.headers["host"] ?? "")\(request.target)",
            headers: request.headers.map { ($0.name, $0.value) },
            body: request.body
        )
        switch verifier.verify(received, now: clock.now()) {
        case .genuine: return .valid
        case .unsigned: return .unchecked
        case .refused(let problem): return .invalid(problem.description)
        }
    }
}
