import PosthornModel

/// A word in braces that a vendor file's templates may hold, and what it stands for.
enum VendorWord: Hashable, Sendable {
    /// How a moment is written.
    enum TimeForm: String, CaseIterable, Sendable {
        case seconds = ""
        case milliseconds = ":ms"
        case iso = ":iso"
        case isoSeconds = ":iso-s"
    }

    /// `{body}`
    case body
    /// `{body.sha256.hex}`
    case digest(DigestName, BinaryText)
    /// `{body.crc32.dec}`
    case checksum
    /// `{timestamp}`, `{timestamp:ms}`, `{timestamp:iso}`, `{timestamp:iso-s}`
    case timestamp(TimeForm)
    /// `{id}`
    case id
    /// `{id:uuid}`: a UUID that follows from the id
    case uuid
    /// `{attempt}`
    case attempt
    /// `{event.name}`
    case eventName
    /// `{url}`, with the query
    case url
    /// `{method}`
    case method
    /// `{header:NAME}`, of those that the file writes
    case header(String)
    /// `{json:/pointer}`
    case json(JSONPointer)
    /// `{line:/pointer}`: the member's name, a line break, its value and a line break; nothing where there is none
    case line(JSONPointer)
    /// `{form.sorted}`: the names and values of a form in the order of their names
    case form
    /// `{config:NAME}`: something that is agreed upon and no secret
    case config(String)
    /// `{key}`, in what a plain digest is made of
    case key
    /// `{signature}`
    case signature
    /// `{n}`: the number of a key, from 1
    case number
    /// `{challenge}`
    case challenge

    /// `nil` for a word that is none.
    init?(_ text: some StringProtocol) {
        switch text {
        case "body": self = .body
        case "body.crc32.dec": self = .checksum
        case "id": self = .id
        case "id:uuid": self = .uuid
        case "attempt": self = .attempt
        case "event.name": self = .eventName
        case "url": self = .url
        case "method": self = .method
        case "form.sorted": self = .form
        case "key": self = .key
        case "signature": self = .signature
        case "n": self = .number
        case "challenge": self = .challenge
        default:
            if text.hasPrefix("timestamp"), let form = TimeForm(rawValue: String(text.dropFirst(9))) {
                self = .timestamp(form)
            } else if text.hasPrefix("body."), let word = Self.digest(text.dropFirst(5).split(separator: ".")) {
                self = word
            } else if text.hasPrefix("header:"), text.count > 7 {
                self = .header(text.dropFirst(7).lowercased())
            } else if text.hasPrefix("config:"), text.count > 7 {
                self = .config(String(text.dropFirst(7)))
            } else if text.hasPrefix("json:"), let pointer = JSONPointer(String(text.dropFirst(5))) {
                self = .json(pointer)
            } else if text.hasPrefix("line:"), let pointer = JSONPointer(String(text.dropFirst(5))) {
                self = .line(pointer)
            } else {
                return nil
            }
        }
    }

    private static func digest(_ parts: [some StringProtocol]) -> VendorWord? {
        guard parts.count == 2, let name = DigestName(rawValue: String(parts[0])), let form = BinaryText(rawValue: String(parts[1]))
        else { return nil }
        return .digest(name, form)
    }

    /// Whether its value is chosen by the sender, so that a receiver has to be told it.
    var isOfSender: Bool {
        switch self {
        case .timestamp, .id, .uuid, .attempt: return true
        default: return false
        }
    }

    /// Whether it depends on the body's bytes.
    var isOfBody: Bool {
        switch self {
        case .body, .digest, .checksum, .form: return true
        default: return false
        }
    }

    /// All words, for a message.
    static let list =
        "{body}, {body.sha256.hex}, {body.crc32.dec}, {timestamp}, {timestamp:ms}, {timestamp:iso}, {timestamp:iso-s}, {id}, {id:uuid}, "
        + "{attempt}, {event.name}, {url}, {method}, {header:NAME}, {json:/pointer}, {line:/pointer}, {form.sorted}, {config:NAME}, {key}, "
        + "{signature}, {n}, {challenge}"
}
