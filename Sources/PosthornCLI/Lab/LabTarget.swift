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

    /// Flags of commands that send to receivers which may come from the environment and the settings file.
    static let settings = [CommandSpecification.caFile.name, ownership.name]

    /// - Parameter owned: Hosts that the operator has said are theirs, this one or others.
    init(text: String, owned: [String], command: String) throws(UsageProblem) {
        do throws(InputProblem) { url = try EndpointURL(text) } catch {
            throw UsageProblem("URL: \(error)", command: command)
        }
        let host = url.host
        isOwned = owned.contains { $0.lowercased() == host }
        `guard` = OwnedHostGuard.make(isOwned: isOwned)
    }

    /// Throws when a host that is confirmed on the command line is none that is called; those of the settings are for other runs too.
    static func refuseStrangers(_ arguments: ParsedArguments, hosts: [String]) throws(UsageProblem) {
        guard arguments.isGiven(ownership.name) else { return }
        let stranger = arguments.all(ownership.name).first { !hosts.contains($0.lowercased()) }
        guard let stranger else { return }
        let names = hosts.enumerated().filter { hosts.firstIndex(of: $1) == $0 }.map(\.element).joined(separator: ", ")
        throw UsageProblem(
            "--i-own-this-host: \"\(InputProblem.printable(stranger))\" is not the URL's host, \(names)",
            command: arguments.command
        )
    }

    /// Throws, before anything is sent, when the host may not be reached.
    func check() throws {
        do throws(InputProblem) { _ = try HostAddresses.reachable(of: url, guard: `guard`) } catch {
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
