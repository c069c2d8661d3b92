public import PosthornModel
public import PosthornSystem

/// Finds out where requests would go, before anything is sent.
public enum HostAddresses {
    /// The addresses of a URL's host that may be reached; none for a host that is written as a number.
    ///
    /// - Parameters:
    ///   - url: Where requests are to go.
    ///   - guard: Which addresses may be reached.
    /// - Throws: Why the name leads nowhere, or to addresses that the guard forbids.
    public static func reachable(of url: EndpointURL, guard: EgressGuard) throws(InputProblem) -> [NetworkAddress] {
        try reachable(of: url, guard: `guard`, lookup: SystemLookup.ask)
    }

    /// The same with another way to ask for a name.
    package static func reachable(
        of url: EndpointURL,
        guard: EgressGuard,
        lookup: NameLookup
    ) throws(InputProblem) -> [NetworkAddress] {
        if `guard`.proxy != nil {
            guard let text = `guard`.refusal(of: url) else { return [] }
            throw InputProblem(.notAllowed, field: "URL", value: url.host, reason: text)
        }
        let all: [NetworkAddress]
        if let numeric = url.numericAddress {
            all = [numeric]
        } else {
            switch lookup(url.host) {
            case .addresses(let found): all = found
            case .noDescriptor:
                throw InputProblem(
                    .machine,
                    field: "URL",
                    value: url.host,
                    reason: "cannot be resolved: no descriptor is left; raise ulimit -n"
                )
            case .noServer, .noRoom:
                throw InputProblem(
                    .machine,
                    field: "URL",
                    value: url.host,
                    reason: "cannot be resolved: \(MachineFault.nameServers.sentence)"
                )
            case .failure(let text):
                throw InputProblem(.notFound, field: "URL", value: url.host, reason: "cannot be resolved: \(text)")
            }
        }
        switch `guard`.selection(from: all, isPlainHTTP: url.isPlainHTTP) {
        case .permitted(let permitted): return url.numericAddress == nil ? RouteWatch.reachable(permitted) : []
        case .refused:
            throw InputProblem(
                .notAllowed,
                field: "URL",
                value: url.host,
                reason: "leads to no address of this machine or a private network"
            )
        }
    }
}
