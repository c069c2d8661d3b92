import Glibc

/// What a long run is at, in one line of a terminal that is written over; nothing where standard error is no terminal.
enum Progress {
    static func tell(_ text: String) { put("\r\u{1B}[K\(text)") }

    /// Clears the line.
    static func end() { put("\r\u{1B}[K") }

    private static func put(_ text: String) {
        guard isatty(2) == 1 else { return }
        _ = text.withCString { write(2, $0, strlen($0)) }
    }
}
