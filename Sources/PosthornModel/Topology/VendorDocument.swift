package import PosthornText

/// A vendor's file as an endpoint keeps it: a JSON document among its credentials, no secret itself.
///
/// It is kept, and not read again where it was: deliveries must be possible when the file has moved. What it means is known to the room
/// of the formats alone.
public enum VendorDocument {
    /// The credential that holds the document.
    public static let member = "vendor_file"
    /// What a topology file writes in front of a file's path.
    package static let prefix = "file:"
    /// The extension's name in an OpenAPI document.
    package static let sender = "x-webhook-sender"

    /// The document of an endpoint that has one.
    package static func of(_ settings: EndpointSettings) -> JSONValue? {
        guard settings.signature == .vendorFile, let document = settings.credentials[member], case .object = document else { return nil }
        return document
    }

    /// The vendor's name, as the document's title has it.
    package static func title(of document: JSONValue) -> String {
        guard case .string(let title)? = document["info"]?["title"] else { return "vendor" }
        return InputProblem.printable(title)
    }

    /// The vendor's own deadline, where the document names one that an endpoint may have.
    static func timeoutMilliseconds(_ document: JSONValue) -> Int? {
        guard case .number(let text)? = document[sender]?["timeout_ms"], let number = Int(text) else { return nil }
        return EndpointSettings.timeoutRange.contains(number) ? number : nil
    }

    /// The vendor's own schedule, where the document names one that an endpoint may have.
    static func retry(_ document: JSONValue) -> RetrySchedule? {
        guard case .array(let elements)? = document[sender]?["retry"]?["schedule_s"] else { return nil }
        let offsets = elements.compactMap { element -> Int64? in
            if case .number(let text) = element { Int64(text).flatMap { $0 < Int64.max / 1000 ? $0 * 1000 : nil } } else { nil }
        }
        return offsets.count == elements.count ? try? RetrySchedule(offsetsMilliseconds: [0] + offsets) : nil
    }
}
