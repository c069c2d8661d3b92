import PosthornTestSupport
import Testing

/// The dashboard in a real browser, one test after the other: the browser is one process, and heavy.
@Suite(
    .limited(),
    .serialized,
    .enabled(if: Chromium.program != nil, "Chromium is not installed, so the dashboard is not tested; apt-get install chromium")
)
enum BrowserTests {}

extension Tab {
    /// What the page logged or threw, but for what the browser says of answers with one of these statuses. The visit begins with one: whether
    /// the browser has a session is asked before a key is.
    func unexpectedErrors(refusals: [String] = []) throws -> [String] {
        try collectAll()
        return errors.filter { error in
            !(["401"] + refusals).contains { error.contains("the server responded with a status of \($0)") }
        }
    }
}
