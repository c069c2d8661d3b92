import PosthornLab
import PosthornModel
import PosthornText

/// Says which patterns of event types will most likely never fit. Nothing is refused for it: vendors add types.
enum PatternWarning {
    /// Prints a line for each such pattern of a topology file's endpoints.
    /// - Parameter id: The only endpoint that counts; `nil` for all of them.
    static func tell(of topology: Topology, inFile name: String, onlyEndpoint id: String? = nil) {
        for problem in problems(topology.endpoints) where id == nil || id == problem.endpoint {
            ErrorOutput.line("posthorn: warning: \(name): \(problem.line)")
        }
    }

    /// The patterns of endpoints that fit none of the types that their envelope is known to carry.
    static func problems(_ endpoints: [EndpointSettings]) -> [(endpoint: String, line: String)] {
        endpoints.enumerated().flatMap { place, endpoint in
            endpoint.events.enumerated().compactMap { number, pattern in
                problem(pattern, endpoint.envelope).map { (endpoint.id, "endpoints[\(place)].events[\(number)]: \($0)") }
            }
        }
    }

    /// What is wrong with a pattern for an envelope; `nil` when nothing is, or nobody can tell.
    ///
    /// diio's, Webio's, Voiso's and the conference's events are these vendors' own, so that what fits none of them is wrong.
    /// Posthorn's own events go out in any of them. WeSeeDo's envelope also carries whatever types a platform has: a word is taken for one of these, unless it is a type of
    /// WeSeeDo's but for one letter or the size of its letters. The others have no types of their own.
    private static func problem(_ pattern: EventPattern, _ envelope: Envelope) -> String? {
        if OwnEventType.allCases.contains(where: { pattern.names($0) }) { return nil }
        switch envelope {
        case .standard, .raw: return nil
        case .weseedo:
            let types = EventType.weseedo
            if types.contains(where: { pattern.matches($0) }) { return nil }
            return Suggestion.nearest(to: pattern, among: types, limit: 1) == nil ? nil : reason(pattern, noneOf: types, of: "weseedo")
        case .diio, .conference, .webio, .voiso:
            guard let vendor = ScenarioVendor(rawValue: envelope.rawValue) else { return nil }
            let types = Scenario(vendor, seed: 0).types
            return types.contains { pattern.matches($0) } ? nil : reason(pattern, noneOf: types, of: vendor.rawValue)
        }
    }

    /// Which types there are in place of those that a pattern names.
    static func reason(_ pattern: EventPattern, noneOf types: [String], of vendor: String) -> String {
        let text = "\"\(InputProblem.printable(pattern.text))\" fits none of \(vendor)'s types; "
        guard let near = Suggestion.nearest(to: pattern, among: types) ?? Suggestion.nearest(to: pattern.text, among: types) else {
            return text + "use one of \(types.joined(separator: ", ")), or a pattern of them with *"
        }
        return text + (pattern.onlyType == nil ? "the nearest is \"\(near)\"" : "did you mean \"\(near)\"?")
    }
}
