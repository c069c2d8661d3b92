import PosthornLab
import PosthornModel
import PosthornSending

/// The URL that the lab's commands send to, and the guard that goes with it.
struct LabTarget {
    let url: EndpointURL
    let `guard`: EgressGuard
    /// Whether the operator has said that the host is theirs.
    let isOwned: Bool
    /// What opens a host that is neither this machine nor in a private network.
    static let ownership = CommandSpecification.Flag(
        "i-own-this-host",
        "NAME",
        isRepeatable: true,
        "confirm that you own this public host, one that the command calls (repeatable)"
    )

    /// - Parameter owned: Hosts that the operator has said are theirs, this one or others.
    init(text: String, owned: [String], command: String) throws(UsageProblem) {
        do throws(InputProblem) { url = try EndpointURL(text) } catch {
            throw UsageProblem("URL: \(error)", command: command)
        }
        let host = url.host
        isOwned = owned.contains { $0.lowercased() == host }
        `guard` = LabGuard.make(isOwned: isOwned)
    }

    /// The target of a command that has one alone.
    /// - Parameter others: Hosts that are called besides, and that the operator may have to own too.
    init(_ arguments: ParsedArguments, text: String, others: [String], command: String) throws(UsageProblem) {
        let owned = arguments.all("i-own-this-host")
        try self.init(text: text, owned: owned, command: command)
        let hosts = [url.host] + others.filter { $0 != url.host }
        if let stranger = owned.first(where: { !hosts.contains($0.lowercased()) }) {
            throw Self.notTheHost(stranger, hosts.joined(separator: ", "), command: command)
        }
    }

    static func notTheHost(_ name: String, _ hosts: String, command: String) -> UsageProblem {
        UsageProblem("--i-own-this-host: \"\(InputProblem.printable(name))\" is not the URL's host, \(hosts)", command: command)
    }

    /// Throws, before anything is sent, when the host may not be reached.
    func check() throws {
        do throws(InputProblem) { _ = try LoadTarget.addresses(of: url, guard: `guard`) } catch {
            if error.code != .notAllowed { throw error }
            throw InputProblem(
                error.code,
                field: error.field,
                value: error.value,
                reason: "\(error.reason); if it is yours, add --i-own-this-host \(url.host)"
            )
        }
    }
}
