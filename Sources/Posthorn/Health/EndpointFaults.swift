import PosthornModel
import PosthornStore
import PosthornSystem

/// What is known of endpoints that cannot be used: by reading them, and by what an engine wrote down of them, which may have
/// been given no key, or another one.
public struct EndpointFaults: Sendable, Equatable {
    /// What reading an endpoint as it stands in the outbox says of it.
    enum Judgement: Equatable {
        case usable
        /// An unreadable row, settings that make no request, credentials that do not open with the key.
        case broken(String)
        /// Its credentials are sealed, and there is no key to try.
        case untried
    }

    /// Endpoints that cannot be used as they stand in the outbox, as this process finds them, with the reason.
    public let found: [String: String]
    /// Those besides that the engine that runs cannot use; where none runs, those that the last one could not, and that this
    /// process has no key to look into. The reason says which, and as of when.
    public let lastRun: [String: String]
    /// Those that the last engine could not use and this process can, with what that engine found.
    public let mended: [String: String]

    /// All that cannot be used, as far as is known.
    public var all: [String: String] { found.merging(lastRun) { own, _ in own } }

    /// - Parameters:
    ///   - judgements: What this process has found of each endpoint that there is.
    ///   - run: What an engine found.
    init(_ judgements: [String: Judgement], _ run: LastRunFaults) {
        found = judgements.compactMapValues { if case .broken(let reason) = $0 { reason } else { nil } }
        let found = found
        let others = run.reasons.filter { judgements[$0.key] != nil && found[$0.key] == nil }
        if let process = run.engine {
            lastRun = others.mapValues { "the engine that runs (process \(process)) cannot use it: \($0)" }
            mended = [:]
            return
        }
        let time = run.at.map { " (\($0))" } ?? ""
        lastRun = others.filter { judgements[$0.key] == .untried }
            .mapValues { "as of the last engine\(time), which could not use it: \($0)" }
        mended = others.filter { judgements[$0.key] == .usable }
            .mapValues { "the last engine\(time) could not use it: \($0)" }
    }

    /// What engines wrote down of endpoints that cannot be used, for one who looks into none. Opens no credentials.
    /// - Parameter run: What an engine found; endpoints that are removed may be among them.
    static func written(_ run: LastRunFaults) -> [String: String] {
        EndpointFaults(run.reasons.mapValues { _ in .untried }, run).all
    }
}

extension Outbox {
    /// What is known of endpoints that cannot be used. Each is read once.
    package func endpointFaults() throws -> EndpointFaults {
        let (topology, run) = try read {
            (try $0.topology(withCredentials: true, withRemoved: false), try $0.faultsOfRun())
        }
        return EndpointFaults(judgements(of: topology.endpoints), run)
    }

    /// The same of one endpoint: why it cannot be used; `nil` when all is well, or there is no such endpoint.
    package func endpointFault(_ id: String) throws -> String? {
        let (endpoint, run) = try read { (try $0.currentEndpoint(id, withCredentials: true), try $0.faultsOfRun()) }
        return endpoint.flatMap { EndpointFaults(judgements(of: [$0]), run).all[$0.settings.id] }
    }

    private func judgements(of endpoints: [StoredEndpoint]) -> [String: EndpointFaults.Judgement] {
        let now = clock.now()
        var judgements: [String: EndpointFaults.Judgement] = [:]
        for endpoint in endpoints {
            let isUntried = sealing == nil && endpoint.fault?.problem.code == .key
            let fault = isUntried ? nil : EndpointDirectory.fault(of: endpoint, at: now)
            judgements[endpoint.settings.id] = isUntried ? .untried : fault.map { .broken($0) } ?? .usable
        }
        return judgements
    }
}
