/// What a ``MisbehavingReceiver`` does on a connection, step by step.
public struct Reply: Sendable {
    /// One step.
    public enum Step: Sendable {
        /// Writes these bytes.
        case send([UInt8])
        /// Writes these bytes one by one.
        case drip([UInt8], everyMilliseconds: Int)
        /// Writes these bytes again and again until the other side goes away.
        case repeatForEver([UInt8])
        /// Does nothing for a while.
        case wait(milliseconds: Int)
        /// Does nothing until the test calls `release()`.
        case hold
        /// Does nothing for ever, and reads no more requests.
        case stall
        /// Ends the connection in good order.
        case close
        /// Says that nothing more will be sent, and reads on: requests that crossed it on their way are thrown away, as by servers
        /// that linger before they close.
        case finish
        /// Ends the connection with a reset.
        case reset
    }

    /// The steps, in order. After the last one the connection waits for the next request.
    public var steps: [Step]

    /// These steps.
    public init(_ steps: [Step]) { self.steps = steps }

    /// Well-formed answer with a content-length.
    public static func status(_ code: Int, headers: [(String, String)] = [], body: String = "") -> Reply {
        .raw(head(code, headers + [("content-length", "\(body.utf8.count)")]) + body)
    }

    /// An answer of 200 that says `ok`.
    public static let ok = Reply.status(200, body: "ok")

    /// Exactly these bytes, whatever they are.
    public static func raw(_ text: String) -> Reply { Reply([.send(Array(text.utf8))]) }

    /// Reads the request and never answers.
    public static let silence = Reply([.stall])

    /// Reads the request and closes.
    public static let close = Reply([.close])

    /// Reads the request and resets the connection.
    public static let reset = Reply([.reset])

    /// This reply, and then more steps.
    public func then(_ more: Step...) -> Reply { Reply(steps + more) }

    /// This reply, but only when the test calls `release()`.
    public var held: Reply { Reply([.hold] + steps) }

    /// This reply after a while.
    public func delayed(milliseconds: Int) -> Reply { Reply([.wait(milliseconds: milliseconds)] + steps) }

    /// A status line with headers and the blank line.
    public static func head(_ code: Int, _ headers: [(String, String)]) -> String {
        "HTTP/1.1 \(code) X\r\n" + headers.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
    }
}
