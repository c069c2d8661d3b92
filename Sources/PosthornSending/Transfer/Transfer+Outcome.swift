import CPosthornCurl
import Glibc
import PosthornSystem
import PosthornCurl
import PosthornModel

// What is made of a try that has ended.
extension Transfer {
    /// What follows from the end of the try, when libcurl says it has ended with `code`.
    func verdict(_ code: CURLcode) -> TransferVerdict {
        let detail = errorBuffer[0] == 0 || code == CURLE_OK ? "" : String(cString: errorBuffer)
        let cause = state.intervention ?? state.agreement?.refusal.map { .refusedCertificate($0) }
        var verdict = TransferVerdict(
            code: code,
            head: state.head,
            success: state.currentTarget?.success,
            wasSent: state.sendCount > 0,
            intervention: cause,
            detail: detail
        )
        if cause == nil, case .receiver(let text) = proxyTrouble(code) { (verdict.error, verdict.text) = (.connect, text) }
        return verdict
    }

    /// Why there is no way through the proxy; `nil` without a proxy, or where there was one.
    private func proxyTrouble(_ code: CURLcode) -> ProxyTrouble? {
        if context.guard.proxy == nil || code == CURLE_OK || state.sendCount > 0 || state.agreement != nil { return nil }
        var (connected, status, proxyCode): (curl_off_t, Int, Int) = (0, 0, 0)
        posthorn_curl_get_size(easy, CURLINFO_CONNECT_TIME_T, &connected)
        posthorn_curl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &status)
        posthorn_curl_get_long(easy, CURLINFO_PROXY_ERROR, &proxyCode)
        if status / 100 == 2 { return nil }
        return ProxyTrouble(
            code,
            isConnected: connected > 0 || state.isConnected,
            status: status,
            proxyCode: CURLproxycode(rawValue: UInt32(truncatingIfNeeded: proxyCode))
        )
    }

    /// Whether a kept connection that was used again ended before any of an answer came.
    func hasLostKeptConnection(_ code: CURLcode) -> Bool {
        code != CURLE_OK && state.keptSocket >= 0 && state.head.bytes == 0 && context.sockets.ending(of: slot)?.isOver == true
    }

    /// Whether the request, if it failed, is to be sent once more over a fresh connection, without counting an attempt: the kept
    /// one turned out not to be usable before the request left, or the receiver had ended it before any of the request came.
    func isToBeRepeated(_ code: CURLcode) -> Bool {
        if state.isFresh { return false }
        if state.intervention == .staleConnection { return true }
        guard hasLostKeptConnection(code), let ending = context.sockets.ending(of: slot) else { return false }
        var requestBytes = 0
        posthorn_curl_get_long(easy, CURLINFO_REQUEST_SIZE, &requestBytes)
        return ending.isBefore(requestBytes: max(requestBytes, state.loadedBytes), detail: String(cString: errorBuffer))
    }

    /// Whether it failed because this process had no descriptor, or no memory, left, before anything was sent.
    func isStarved(_ code: CURLcode) -> Bool {
        if code == CURLE_OK || state.sendCount > 0 { return false }
        switch state.intervention {
        case .noSocket(let number): return SystemProblem.isShortage(number)
        // The file of certificate authorities needs one too.
        case .noAuthorities(_, let problem): return problem.isShortage
        case nil: return code == CURLE_OUT_OF_MEMORY
        default: return false
        }
    }

    /// The fault of this machine that kept the request from leaving, with a detail; `nil` when none did.
    func fault(_ code: CURLcode, now: Int64) -> (MachineFault, String)? {
        if code == CURLE_OK || state.sendCount > 0 { return nil }
        if case .noAuthorities(let path, let problem) = state.intervention { return (.authorities, "\(path) \(problem.reason)") }
        if case .sourceProblem(let address, let number) = state.intervention { return (.source, "\(address): \(SystemText.of(number))") }
        if state.intervention != nil { return nil }
        if let found = routeFault(code, now: now) { return found }
        guard let proxy = context.guard.proxy, let trouble = proxyTrouble(code) else { return nil }
        switch trouble {
        case .proxy(let text): return (.proxy, "\(proxy): \(text)")
        case .silence:
            guard let host = state.currentTarget?.url.host, context.tunnels.wasSilent(host) else { return nil }
            return (.proxy, "\(proxy): it does not answer in time")
        case .receiver, .other: return nil
        }
    }

    private func routeFault(_ code: CURLcode, now: Int64) -> (MachineFault, String)? {
        guard let error = connectError(code) else { return nil }
        return MachineFault.of(connectError: error, tried: state.tried, routes: context.routes.facts(now: now)).map {
            ($0, SystemText.of(error))
        }
    }

    /// Why no connection came about; `nil` when one did.
    private func connectError(_ code: CURLcode) -> Int32? {
        if code == CURLE_OPERATION_TIMEDOUT {
            var connected: curl_off_t = 0
            posthorn_curl_get_size(easy, CURLINFO_CONNECT_TIME_T, &connected)
            return connected == 0 ? ETIMEDOUT : nil
        }
        guard code == CURLE_COULDNT_CONNECT else { return nil }
        var number = 0
        posthorn_curl_get_long(easy, CURLINFO_OS_ERRNO, &number)
        return Int32(truncatingIfNeeded: number)
    }

    /// What its end says of the host's connections.
    func ending(_ code: CURLcode) -> HostConnections.Ending {
        if state.head.isComplete { return .answered }
        if code == CURLE_COULDNT_CONNECT { return .refused }
        return state.sendCount == 0 && code != CURLE_OPERATION_TIMEDOUT && isTLS ? .disagreed : .failed
    }

    /// Whether this try was on a fresh connection by our own wish.
    var wasFresh: Bool { state.isFresh }

    /// Whether its requests go over TLS.
    var isTLS: Bool { state.currentTarget?.url.isPlainHTTP == false }

    /// The attempt's result, when libcurl says it has ended with `code`.
    func outcome(_ code: CURLcode, nanoseconds: Int64) -> AttemptOutcome {
        let verdict = verdict(code)
        return AttemptOutcome(
            started: state.started,
            durationMicroseconds: max(0, (nanoseconds - state.startedNanoseconds) / 1000),
            status: verdict.status,
            error: verdict.error,
            errorText: verdict.text,
            response: state.excerpt,
            address: state.address,
            retryAfterMilliseconds: state.head.retryAfterMilliseconds(now: state.started),
            receiverDate: state.head.date
        )
    }
}

extension Transfer {
    /// What the egress guard has against an address, if anything.
    func refusal(of address: NetworkAddress) -> AbortCause? {
        let isPlain = state.currentTarget?.url.isPlainHTTP ?? true
        switch context.guard.verdict(address: address, isPlainHTTP: isPlain) {
        case .permitted: return nil
        case .forbiddenAddress: return .refusedAddress(address)
        case .plainHTTP: return .refusedPlainHTTP(address)
        }
    }
}
