import PosthornModel

/// Where the stories of a vendor without a hierarchy take place: at one customer that is made up, or in turn at those of a
/// platform that is there.
struct StorySites: Sendable {
    /// Every node of the platform.
    let nodes: [Node]
    private let ids: [String]

    /// - Parameters:
    ///   - platform: The platform's nodes; empty to make one up.
    ///   - invented: The made-up customer.
    init(_ platform: [Node], invented: Node) {
        nodes = platform.isEmpty ? [invented] : platform
        let all = nodes
        let customers = [Level.company, .site].lazy.map { level in all.filter { $0.level == level } }.first { !$0.isEmpty }
        ids = (customers ?? all).map(\.id)
    }

    /// The node of a story's number.
    func node(ofStory number: Int) -> String { ids[number % ids.count] }
}
