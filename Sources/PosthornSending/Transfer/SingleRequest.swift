import CPosthornCurl
import PosthornCurl
public import PosthornModel
import PosthornText
import PosthornSystem
import Synchronization

/// One request outside of the deliveries, such as a vendor's handshake or a value request: it blocks its caller and obeys
/// the same rules. Guarded addresses, one deadline for everything, no redirects, a bounded answer.
///
/// ```swift
/// let answer = try SingleRequest.perform(url, query: Array("echo_string=abc".utf8), timeoutMilliseconds: 10_000, guard: egress)
/// let isVerified = answer.status == 200 && !answer.isTruncated && answer.body == Array("abc".utf8)
/// ```
public enum SingleRequest {
    /// Sends one request and waits for its answer.
    ///
    /// - Parameters:
    ///   - url: Where to.
    ///   - method: GET unless said otherwise.
    ///   - query: What is added to the URL's query, form-encoded.
    ///   - headers: `name: value` lines joined by CR LF; the caller refuses CR, LF and NUL in values.
    ///   - body: For a POST.
    ///   - clientCertificate: What the request proves itself with, where the receiver asks for it.
    ///   - timeoutMilliseconds: The total deadline: name, connect, headers and body.
    ///   - bodyLimitBytes: How much of the answer's body is read.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    /// - Returns: The answer, whatever its status.
    /// - Throws: A ``SingleRequestProblem`` when there is no whole answer.
    public static func perform(
        _ url: EndpointURL,
        method: RequestMethod = .get,
        query: [UInt8] = [],
        headers: [UInt8] = [],
        body: [UInt8] = [],
        clientCertificate: ClientCertificate? = nil,
        timeoutMilliseconds: Int,
        bodyLimitBytes: Int = 65_536,
        guard: EgressGuard,
        caFile: String? = nil
    ) throws(SingleRequestProblem) -> SingleResponse {
        if let problem = CurlLibrary.problem { throw SingleRequestProblem(.resources, problem) }
        guard let names = sharedNames else { throw SingleRequestProblem(.resources, "no descriptor for the name resolver") }
        var request = OutboundRequest()
        request.headers = headers
        request.body = body
        request.query = query
        request.clientCertificate = clientCertificate
        let context = TransferContext(
            guard: `guard`,
            responseLimitBytes: bodyLimitBytes,
            excerptLimitBytes: bodyLimitBytes,
            tls: TLSClient(caFile: caFile),
            epoll: -1
        )
        let target = SendTarget(
            key: 0,
            url: url,
            method: method,
            timeoutMilliseconds: timeoutMilliseconds,
            inFlightLimit: 1,
            ratePerSecond: nil,
            composer: UnaskedComposer()
        )
        return try perform(request, target, context, names)
    }

    /// Name look-ups of all single requests share their threads.
    private static let sharedNames: NameResolver? = CurlLibrary.ready ? try? NameResolver(ResolverConfiguration()) : nil

    static func perform(
        _ request: OutboundRequest,
        _ target: SendTarget,
        _ context: TransferContext,
        _ names: NameResolver
    ) throws(SingleRequestProblem) -> SingleResponse {
        let start = MonotonicClock.nanoseconds()
        func millisecondsLeft() -> Int { target.timeoutMilliseconds - Int((MonotonicClock.nanoseconds() - start) / 1_000_000) }
        guard let transfer = Transfer(slot: 0, context: context) else { throw SingleRequestProblem(.resources, "no memory for a request") }
        transfer.load(request, for: target)
        if let proxy = context.guard.proxy {
            if let text = context.guard.refusal(of: target.url) { throw SingleRequestProblem(.refusedAddress, text) }
            if proxy.numericAddress == nil {
                let addresses = try addresses(of: proxy.host, within: millisecondsLeft(), names)
                transfer.pin(proxy.host, port: proxy.port, to: RouteWatch.reachable(addresses), version: 0)
            }
        } else if target.url.numericAddress == nil {
            let url = target.url
            let all = try addresses(of: url.host, within: millisecondsLeft(), names)
            switch context.guard.selection(from: all, isPlainHTTP: url.isPlainHTTP) {
            case .permitted(let addresses):
                transfer.pin(url.host, port: url.port, to: RouteWatch.reachable(addresses), version: 0)
            case .refused(let cause): throw SingleRequestProblem(.refusedAddress, TransferVerdict.text(of: cause))
            }
        }
        transfer.prepare(timeoutMilliseconds: max(1, millisecondsLeft()), freshConnection: true)
        let code = curl_easy_perform(transfer.easy)
        if let (fault, detail) = transfer.fault(code, now: MonotonicClock.nanoseconds()) {
            throw SingleRequestProblem(.resources, "\(fault.sentence) (\(detail))")
        }
        let verdict = transfer.verdict(code)
        guard let status = verdict.status, verdict.error == nil || verdict.error == .status else {
            throw SingleRequestProblem(verdict.error ?? .closed, verdict.text)
        }
        return SingleResponse(
            status: status,
            body: transfer.state.excerpt,
            isTruncated: transfer.state.intervention == .bodyLimit,
            address: transfer.state.address
        )
    }

    private static func addresses(
        of host: String,
        within milliseconds: Int,
        _ names: NameResolver
    ) throws(SingleRequestProblem) -> [NetworkAddress] {
        guard let answered = try? Waker() else { throw SingleRequestProblem(.resources, "no descriptor to wait for a name") }
        let slot = AnswerSlot()
        names.resolve(host) { answer in
            slot.answer.withLock { $0 = answer }
            answered.signal()
        }
        answered.wait(milliseconds: Int64(milliseconds))
        switch slot.answer.withLock({ $0 }) {
        case nil: throw SingleRequestProblem(.dns, "no name server answered for \(host) in time")
        case .noDescriptor: throw SingleRequestProblem(.resources, "no descriptor to ask a name server with")
        case .noRoom: throw SingleRequestProblem(.resources, "too many names are asked for at this moment")
        case .noServer: throw SingleRequestProblem(.resources, MachineFault.nameServers.sentence)
        case .failure(let text): throw SingleRequestProblem(.dns, text)
        case .addresses(let all): return all
        }
    }

    private final class AnswerSlot: Sendable {
        let answer = Mutex<NameAnswer?>(nil)
    }
}
