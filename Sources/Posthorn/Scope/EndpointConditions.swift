package import PosthornModel
package import PosthornText

/// What is the matter with endpoints of one part of a list.
package struct EndpointConditions: Sendable {
    /// Why an engine could not use them.
    package var faults: [String: String] = [:]
    /// Until when their receivers asked to be left alone.
    package var throttled: [String: Timestamp] = [:]
    /// How they do, healthy ones left out.
    package var health: [String: EndpointHealth] = [:]
}
