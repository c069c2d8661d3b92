import PosthornLab
import PosthornText
import PosthornModel
import PosthornSending

/// The receivers of `posthorn load`, with their shares of it.
struct LoadTargets {
    /// In the order of the command line; at least one.
    let all: [LabTarget]
    /// Their shares, each more than 0.
    let weights: [Double]

    /// Each has a thread of its own at least.
    private static let countLimit = 64
    private static let weightLimit = 1_000_000.0

    init(_ arguments: ParsedArguments, _ command: String) throws(UsageProblem) {
        if arguments.positionals.isEmpty { throw UsageProblem("URL is missing: the receiver", command: command) }
        let owned = arguments.all(LabTarget.ownership.name)
        all = try arguments.positionals.map { (text) throws(UsageProblem) in
            try LabTarget(text: text, owned: owned, command: command)
        }
        if all.count > Self.countLimit {
            throw UsageProblem("URL: there are \(all.count), and \(Self.countLimit) share a load at most", command: command)
        }
        var seen: Set<String> = []
        if let twice = all.first(where: { !seen.insert($0.url.text).inserted }) {
            throw UsageProblem("URL: \(MaskedURL.text(twice.url.text)) is there twice; give it more with --weights", command: command)
        }
        if all.count > 1, arguments.has("replay") {
            throw UsageProblem("--replay sends what happened to one receiver; name one URL", command: command)
        }
        try LabTarget.refuseStrangers(arguments, hosts: all.map(\.url.host) + [LedgerSource.host(arguments)].compactMap { $0 })
        weights = try Self.weights(arguments, count: all.count, command)
    }

    private static func weights(_ arguments: ParsedArguments, count: Int, _ command: String) throws(UsageProblem) -> [Double] {
        guard let text = arguments.text("weights") else { return Array(repeating: 1, count: count) }
        let weights = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            Quantity.decimal(part).flatMap { $0 > 0 && $0 <= weightLimit ? $0 : nil }
        }
        let known = weights.compactMap { $0 }
        if known.count < weights.count {
            throw UsageProblem(
                "--weights: \"\(InputProblem.printable(text))\" must be numbers above 0 with commas between them, such as 3,1",
                command: command
            )
        }
        if known.count != count {
            throw UsageProblem(
                "--weights: there are \(known.count) for \(HumanText.count(count, "URL")); give one for each",
                command: command
            )
        }
        return known
    }

    var first: LabTarget { all[0] }

    /// What a load sends to.
    var destinations: [LoadDestination] {
        zip(all, weights).map { target, weight in LoadDestination(target.url, guard: target.guard, weight: weight) }
    }

    /// Throws, before anything is sent, when one of the hosts may not be reached.
    func check() throws { for target in all { try target.check() } }
}
