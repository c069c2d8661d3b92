import CPosthornCurl
import PosthornCurl
import PosthornModel
package import PosthornSystem
import PosthornText

/// Requests of one thread to one host, one after the other on a connection that is kept: of any method, with headers as they are given,
/// and with the whole answer. For what passes on requests of others.
package final class SerialRequests {
    /// An answer.
    package struct Answer: Sendable {
        package let status: Int
        /// Names and values in their order.
        package let headers: [(name: String, value: String)]
        package let body: [UInt8]
    }

    private let addresses: [NetworkAddress]
    private let timeoutMilliseconds: Int
    private let context: TransferContext
    private var transfer: Transfer?

    /// - Parameters:
    ///   - addresses: What the host's name leads to, as ``HostAddresses/reachable(of:guard:)`` gave it; none for a number.
    ///   - timeoutMilliseconds: The deadline of a request: connect, headers and body.
    ///   - bodyLimitBytes: A longer answer is none.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    package init(
        to addresses: [NetworkAddress],
        timeoutMilliseconds: Int,
        bodyLimitBytes: Int,
        guard: EgressGuard,
        caFile: String?
    ) {
        self.addresses = addresses
        self.timeoutMilliseconds = timeoutMilliseconds
        context = TransferContext(
            guard: `guard`,
            responseLimitBytes: bodyLimitBytes,
            excerptLimitBytes: bodyLimitBytes,
            tls: TLSClient(caFile: caFile, sessionLimitBytes: 1 << 20),
            keepsFields: true,
            epoll: -1
        )
    }

    /// The handle closes its connections with the help of the context, so it goes first.
    deinit { transfer = nil }

    /// Sends one request and waits for its answer.
    /// - Parameters:
    ///   - method: Any; the answer to a HEAD has no body.
    ///   - headers: Names and values without line breaks; `Host` and `Content-Length` are written here.
    /// - Throws: Why there is no whole answer.
    package func perform(
        _ url: EndpointURL,
        method: String,
        headers: [(name: String, value: String)],
        body: [UInt8]
    ) throws(SingleRequestProblem) -> Answer {
        if let problem = CurlLibrary.problem { throw SingleRequestProblem(.resources, problem) }
        guard CurlLibrary.ready, let transfer = transfer ?? Transfer(slot: 0, context: context) else {
            throw SingleRequestProblem(.resources, "no memory for a request")
        }
        if self.transfer == nil, let address = addresses.first { transfer.aim(url.host, port: url.port, at: address) }
        self.transfer = transfer
        var request = OutboundRequest()
        request.body = body
        request.line = RequestLine(method: method, target: nil, hasBody: !body.isEmpty)
        transfer.load(request, for: target(url))
        let list = Self.list(headers)
        defer {
            posthorn_curl_set_list(transfer.easy, CURLOPT_HTTPHEADER, nil)
            curl_slist_free_all(list)
        }
        posthorn_curl_set_list(transfer.easy, CURLOPT_HTTPHEADER, list)
        return try perform(transfer)
    }

    private func perform(_ transfer: Transfer) throws(SingleRequestProblem) -> Answer {
        let start = MonotonicClock.nanoseconds()
        transfer.prepare(timeoutMilliseconds: timeoutMilliseconds, freshConnection: false)
        var code = curl_easy_perform(transfer.easy)
        if transfer.isToBeRepeated(code) {
            let left = timeoutMilliseconds - Int((MonotonicClock.nanoseconds() - start) / 1_000_000)
            transfer.prepare(timeoutMilliseconds: max(1, left), freshConnection: true)
            code = curl_easy_perform(transfer.easy)
        }
        if let (fault, detail) = transfer.fault(code, now: MonotonicClock.nanoseconds()) {
            throw SingleRequestProblem(.resources, "\(fault.sentence) (\(detail))")
        }
        let verdict = transfer.verdict(code)
        guard let status = verdict.status, verdict.error == nil || verdict.error == .status, transfer.state.intervention == nil else {
            throw SingleRequestProblem(verdict.error ?? .closed, verdict.text)
        }
        return Answer(status: status, headers: transfer.state.head.fields, body: transfer.state.excerpt)
    }

    private func target(_ url: EndpointURL) -> SendTarget {
        SendTarget(
            key: 0,
            url: url,
            method: .post,
            timeoutMilliseconds: timeoutMilliseconds,
            inFlightLimit: 1,
            ratePerSecond: nil,
            composer: UnaskedComposer()
        )
    }

    /// The headers as libcurl takes them, with those taken back that it would add itself.
    private static func list(_ headers: [(name: String, value: String)]) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for (name, value) in headers { list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)") }
        let names = Set(headers.map { $0.name.lowercased() })
        for name in ["accept", "content-type", "expect"] where !names.contains(name) { list = curl_slist_append(list, "\(name):") }
        return list
    }
}
