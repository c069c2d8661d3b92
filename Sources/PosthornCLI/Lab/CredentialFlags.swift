import PosthornModel
import PosthornFormats
import PosthornSystem

/// What `--credential` and `--signature` say, held against what the format needs before anything is sent.
enum CredentialFlags {
    /// Throws when requests of these settings cannot be made, in the words of the flags.
    static func check(_ settings: EndpointSettings, _ command: String) throws(UsageProblem) {
        if settings.signature == .vendorFile {
            throw UsageProblem("--signature \(settings.signature.rawValue) is said by a file; give it with --vendor-file", command: command)
        }
        do throws(InputProblem) { _ = try EndpointComposer(settings, now: SystemClock().now()) } catch {
            throw problem(error, settings, command)
        }
    }

    /// The same for an endpoint of a topology file, in the words of the file.
    static func check(_ settings: EndpointSettings, of topology: Topology, inFile name: String) throws(InputFileContentProblem) {
        do throws(InputProblem) { _ = try EndpointComposer(settings, now: SystemClock().now()) } catch {
            let place = topology.endpoints.firstIndex { $0.id == settings.id } ?? 0
            throw InputFileContentProblem(name: name, problem: error.inside("endpoints[\(place)]"))
        }
    }

    /// What is wrong with the flags, given what is wrong with the settings that were made of them.
    static func problem(_ error: InputProblem, _ settings: EndpointSettings, _ command: String) -> UsageProblem {
        let missing = Credentials.required(settings).filter { settings.credentials[$0] == nil }
        let credential = error.field.hasPrefix("credentials.") ? String(error.field.dropFirst(12)) : nil
        let allowed = Credentials.allowed(settings)
        if let credential, !allowed.contains(credential) {
            return UsageProblem("--credential \(credential)=…: \(error.reason)", command: command)
        }
        if !missing.isEmpty {
            let flags = missing.map { "--credential \($0)=VALUE" }.joined(separator: " ")
            return UsageProblem(
                "--credential: signature \(settings.signature.rawValue) needs \(missing.joined(separator: ", ")); add \(flags)",
                command: command
            )
        }
        if let credential { return UsageProblem("--credential \(credential)=…: \(error.reason)", command: command) }
        return UsageProblem("--\(error)", command: command)
    }

    /// Throws unless `secret` can take the place of the receivers' secret in mid-stream.
    static func check(
        nextSecret secret: String,
        of receivers: [EndpointSettings],
        _ command: String
    ) throws(UsageProblem) {
        let signed = receivers.filter { $0.signature != .none }
        if signed.isEmpty {
            throw UsageProblem("--rotate-to: requests without a signature have no secret to replace; leave it out", command: command)
        }
        for receiver in signed {
            do throws(InputProblem) { _ = try Credentials.rotated(receiver, newSecret: secret, at: SystemClock().now()) } catch {
                throw UsageProblem("--rotate-to: the new secret \(error.reason)", command: command)
            }
        }
    }
}
