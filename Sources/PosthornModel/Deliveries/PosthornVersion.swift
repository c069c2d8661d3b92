/// The version in `user-agent` and in `posthorn --version`.
public enum PosthornVersion {
    /// Semantic version of this program.
    public static let text = "0.1.0"
    /// The value of the `user-agent` header.
    public static let userAgent = "Posthorn/" + text
}
