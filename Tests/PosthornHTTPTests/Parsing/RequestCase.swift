/// Bytes that a client may send, and what each must mean to every reader.
struct RequestCase: Sendable, CustomStringConvertible {
    enum Meaning: Equatable, Sendable {
        /// A request with this method, target, body, and this field among its own. Another request may follow unless it is the
        /// connection's last.
        case request(String, String, body: String = "", field: Field? = nil, isLast: Bool = false)
        /// Refused with this status; nothing behind it is read.
        case refused(Int)
        /// Not whole when the client ends: no request, and no answer.
        case unfinished
    }

    struct Field: Equatable, Sendable {
        let name: String
        let value: String
    }

    let name: String
    let bytes: [UInt8]
    let meanings: [Meaning]

    init(_ name: String, _ text: String, _ meanings: Meaning...) {
        self.name = name
        bytes = Array(text.utf8)
        self.meanings = meanings
    }

    var description: String { name }

    /// Whether a request behind it is read.
    var letsNextFollow: Bool {
        guard case .request(_, _, _, _, let isLast) = meanings.last else { return false }
        return !isLast
    }
}

extension RequestCase.Meaning {
    /// `GET /one` without a body.
    static let get = Self.request("GET", "/one")

    /// `GET /one` with this field.
    static func get(_ name: String, _ value: String) -> Self {
        .request("GET", "/one", field: RequestCase.Field(name: name, value: value))
    }

    /// `POST /one` with this body.
    static func post(_ body: String) -> Self { .request("POST", "/one", body: body) }

    /// A request that two readers could take differently, or that breaks the grammar.
    static let malformed = Self.refused(400)
}

extension RequestCase {
    /// A head with these further lines, and what follows it.
    static func message(_ line: String, _ fields: String = "", _ body: String = "", host: String = "Host: a\r\n") -> String {
        "\(line)\r\n\(host)\(fields)\r\n\(body)"
    }

    static func get(_ fields: String = "") -> String { message("GET /one HTTP/1.1", fields) }

    static func post(_ fields: String, _ body: String = "hi") -> String { message("POST /one HTTP/1.1", fields, body) }

    static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked\r\n", body) }

    static func host(_ field: String) -> String { message("GET /one HTTP/1.1", host: field) }

    static func line(_ line: String) -> String { message(line) }

    /// All of them.
    static let all = plain + lines + fields + hosts + lengths + codings + chunks + ends + sizes
}
