import PosthornText
import Posthorn
import PosthornModel

/// `posthorn endpoint test ID`
enum EndpointTestCommand: Command {
    static let specification = CommandSpecification(
        name: "endpoint test",
        summary: "send a sample event to one endpoint now, and show what was sent and what came back",
        positionals: [.init(name: "ID", count: .one, summary: "the endpoint")],
        flags: [
            .init("type", "TYPE", "the event's type (default: a usual one of the endpoint's format)"),
            .init("data", "FILE", "the event's data, one JSON object; - for standard input (default: a harmless one)"),
            VendorFileFlag.flag,
            .init("credential", "NAME=VALUE", isRepeatable: true, "with --vendor-file: a key that the file names (repeatable)"),
        ] + EndpointCalls.flags,
        settings: EndpointCalls.settings,
        details: [
            "With --vendor-file an example of that file is sent in its format, signed with the keys of --credential; what that vendor takes"
                + "\nfor a success counts as one.",
            "Nothing is stored, no one else gets it, and the endpoint's state and patterns do not matter. Secrets are shown as ***.",
            "Exit status 1 unless the answer is 200. With --json: id, method, url, headers (objects with name and value), body, status,"
                + "\nerror, error_text, response, address, duration_ms.",
        ],
        examples: ["posthorn endpoint test crm", "posthorn endpoint test crm --type MEETING_ENDED --data sample.json"]
    )

    /// The largest data that an event may have.
    private static let dataLimitBytes = 4 << 20

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let id = arguments.positionals[0]
        let egress = try EndpointCalls.egress(arguments)
        let caFile = try EndpointCalls.caFile(arguments)
        let data = try arguments.text("data").map { try InputFile($0).contents(limitBytes: dataLimitBytes).trimmingBlanks() }
        let vendor = try VendorFileFlag.vendor(arguments)
        if vendor == nil, arguments.has("credential") {
            throw UsageProblem("--credential belongs to --vendor-file; an endpoint has its own", command: context.command)
        }
        let result = try context.withOutbox {
            try $0.test(endpoint: id, type: arguments.text("type"), data: data, vendor: vendor, guard: egress, caFile: caFile)
        }
        context.output.write(context.json ? JSONLine(result, of: id).text + "\n" : text(result))
        return result.outcome.error == nil ? 0 : 1
    }

    private static func text(_ test: EndpointTest) -> String {
        var text = "> \(test.method.rawValue) \(TerminalText.text(test.url))\n"
        for header in test.headers { text += "> \(TerminalText.text(header.name)): \(TerminalText.text(header.value))\n" }
        if !test.body.isEmpty { text += ">\n" + lines(test.body, "> ") }
        let outcome = test.outcome
        let place = outcome.address.isEmpty ? "" : " from \(outcome.address)"
        let time = HumanText.length(milliseconds: outcome.durationMicroseconds / 1000)
        if let status = outcome.status {
            text += "< \(status)\(place) in \(time)\(outcome.error == nil ? "" : ": that does not count as received")\n"
        } else {
            text += "< no answer after \(time): \(failure(outcome))\n"
        }
        return text + (outcome.response.isEmpty ? "" : lines(outcome.response, "< "))
    }

    /// Why there was no answer. Of a refused address the detail says it all, with the address.
    static func failure(_ outcome: AttemptOutcome) -> String {
        let (sentence, detail) = (outcome.error?.sentence ?? "", TerminalText.text(RemedyText.detail(of: outcome)))
        if detail.isEmpty { return sentence }
        return outcome.error == .refusedAddress ? detail : "\(sentence) (\(detail))"
    }

    private static func lines(_ bytes: [UInt8], _ mark: String) -> String {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map { "\(mark)\(TerminalText.text(String($0)))\n" }.joined()
    }
}

extension [UInt8] {
    /// Without blanks and line ends at the start and the end, which editors leave in files.
    fileprivate func trimmingBlanks() -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else { return [] }
        return Array(self[first...last])
    }
}
