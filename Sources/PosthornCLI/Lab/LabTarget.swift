import PosthornLab
import PosthornModel
import PosthornSending

/// The URL that the lab's commands send to, and the guard that goes with it.
struct LabTarget {
    let url: EndpointURL
    let `guard`: EgressGuard
    /// What opens a host that is neither this machine nor in a private network.
    static let ownership = CommandSpecification.Flag(
        "i-own-this-host",
        "NAME",
        "send to this host though it is public; it must be the URL's host"
    )

    init(_ arguments: ParsedArguments, text: String, command: String) throws(UsageProblem) {
        do throws(InputProblem) { url = try EndpointURL(text) } catch {
            throw UsageProblem("URL: \(error)", command: command)
        }
        let owned = arguments.text("i-own-this-host")
        if let owned, owned.lowercased() != url.host {
            throw UsageProblem(
                "--i-own-this-host: \"\(InputProblem.printable(owned))\" is not the URL's host, \(url.host)",
                command: command
            )
        }
        `guard` = LabGuard.make(isOwned: owned != nil)
    }

    /// Throws, before anything is sent, when the host may not be reached.
    func check() throws {
        do throws(InputProblem) { _ = try LoadTarget.addresses(of: url, guard: `guard`) } catch {
            if error.reason.hasPrefix("cannot") { throw error }
            throw InputProblem(
                field: error.field,
                value: error.value,
                reason: "\(error.reason); if it is yours, add --i-own-this-host \(url.host)"
            )
        }
    }
}
