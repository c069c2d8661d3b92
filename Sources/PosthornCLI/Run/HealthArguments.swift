import PosthornModel
import PosthornText

/// The flags of `run` that say when endpoints are suspended and disabled whose own settings do not.
enum HealthArguments {
    /// The policy that the flags ask for; `nil` without any.
    static func policy(_ arguments: ParsedArguments) throws(UsageProblem) -> HealthPolicy? {
        let own = HealthSettings(
            suspendAfter: try arguments.integer("suspend-after", HealthSettings.suspendRange),
            disableAfterMilliseconds: try disableAfter(arguments),
            goneDisables: arguments.has("gone-disables") ? true : nil
        )
        return HealthPolicy(own, default: nil)
    }

    private static func disableAfter(_ arguments: ParsedArguments) throws(UsageProblem) -> Int64? {
        guard let length = try arguments.milliseconds("disable-after") else { return nil }
        if HealthSettings.disableRangeMilliseconds.contains(length) { return length }
        throw arguments.problem("disable-after", arguments.text("disable-after") ?? "", "must be from 1h to 366d")
    }
}
