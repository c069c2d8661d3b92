import PosthornHTTP
import PosthornLab
import PosthornText

/// A request that a receiver got, as the page of `receive --ui` shows it: what `--json` prints, with header and body.
enum InspectedRequest {
    /// More of a body is not shown.
    static let bodyLimitBytes = 65_536

    static func value(of arrival: ReceivedRequest, _ request: HTTPRequest) -> JSONValue {
        guard case .object(let members) = try? JSONValue.parse(arrival.json) else { return .null }
        let headers = request.head.headers.map { field in
            JSONValue.object([.init("name", .string(field.name)), .init("value", .string(field.value))])
        }
        let left = max(0, request.body.count - bodyLimitBytes)
        return .object(
            members + [
                .init("target", .string(request.target)), .init("headers", .array(headers)),
                .init("body", .string(String(decoding: request.body.prefix(bodyLimitBytes), as: UTF8.self))),
                .init("body_left_out", .number(String(left))),
            ]
        )
    }
}
