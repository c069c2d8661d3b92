import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText

/// Why a request is refused: `application/problem+json` (RFC 9457).
struct APIProblem: Error, Sendable {
    /// One thing that is wrong with the input.
    struct Fault: Sendable, Equatable {
        /// Where it is: a JSON pointer (RFC 6901) into the body, or a parameter's name.
        let place: Place
        /// What is wrong and how to mend it.
        let detail: String
        /// What kind of fault it is.
        var code = InputProblem.Code.malformed

        enum Place: Sendable, Equatable {
            case pointer(String)
            case parameter(String)
        }
    }

    let code: ProblemCode
    /// What is wrong in this case. Never holds a secret.
    let detail: String
    /// Every fault of the input.
    var errors: [Fault] = []
    /// Fields of the answer beside its type.
    var headers: [(name: String, value: String)] = []

    init(_ code: ProblemCode, _ detail: String, errors: [Fault] = [], headers: [(name: String, value: String)] = []) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    /// A body with faults.
    init(_ problems: [InputProblem], at prefix: String = "") {
        let errors = problems.map { Fault($0, at: prefix) }
        self.init(.invalidBody, errors.count == 1 ? "1 fault" : "\(errors.count) faults", errors: errors)
    }

    /// A path such as `endpoints[2].url` as a JSON pointer: `/endpoints/2/url`.
    static func pointer(_ field: String) -> String {
        var pointer = ""
        for part in field.split(whereSeparator: { $0 == "." || $0 == "[" }) {
            let name = part.hasSuffix("]") ? part.dropLast() : part
            pointer += "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
        }
        return pointer
    }

    /// As it is answered.
    /// - Parameter basePath: What comes before every path of the API.
    func response(basePath: String) -> HTTPResponse {
        var fields: HTTPHeaders = ["Content-Type": "application/problem+json"]
        for (name, value) in headers { fields.append(name, value) }
        return HTTPResponse(status: code.status, headers: fields, body: Array(json(basePath: basePath).text.utf8))
    }

    /// The object alone.
    func json(basePath: String) -> JSONLine {
        var line = JSONLine()
        line.add("type", "\(basePath)/problems/\(code.rawValue)")
        line.add("title", code.title)
        line.add("status", code.status)
        line.add("detail", detail)
        if !errors.isEmpty {
            line.add(
                "errors",
                errors.map { fault in
                    var line = JSONLine()
                    switch fault.place {
                    case .pointer(let pointer): line.add("pointer", pointer)
                    case .parameter(let name): line.add("parameter", name)
                    }
                    line.add("code", fault.code.rawValue)
                    line.add("detail", fault.detail)
                    return line
                }
            )
        }
        return line
    }
}

extension APIProblem.Fault {
    /// A problem of a body.
    /// - Parameter prefix: The pointer to the part of the body that it is about.
    init(_ problem: InputProblem, at prefix: String = "") {
        // Without the field, which the pointer names.
        let text = InputProblem(problem.code, field: "", value: problem.value, reason: problem.reason, remedy: problem.remedy)
        self.init(
            place: .pointer(prefix + APIProblem.pointer(problem.field)),
            detail: text.text { $0.apiSentence },
            code: problem.code
        )
    }
}

extension APIProblem {
    /// What any error of a handler is answered with.
    static func from(_ error: any Error) -> APIProblem {
        switch error {
        case let problem as APIProblem: return problem
        case let problem as InputProblem: return APIProblem([problem])
        case let error as OutboxError: return from(error)
        case let problem as ScopeProblem: return from(problem)
        case let problem as OutboxProblem: return from(problem)
        default: return APIProblem(.failed, "the request could not be done")
        }
    }

    private static func from(_ error: OutboxError) -> APIProblem {
        switch error {
        case .input(let problem): return APIProblem([problem])
        case .event(let refusal): return APIProblem([refusal.problem], at: "/\(refusal.index)")
        case .store(let problem): return from(problem)
        }
    }

    private static func from(_ problem: ScopeProblem) -> APIProblem {
        switch problem {
        case .notFound(let what, let id): return APIProblem(.notFound, "there is no \(what) \(InputProblem.printable(id))")
        case .conflict(let detail): return APIProblem(.conflict, detail)
        case .changed: return APIProblem(.changed, "it has another ETag by now than If-Match names")
        case .forbidden(let detail): return APIProblem(.forbidden, detail)
        }
    }

    /// The store's own words name files of this machine, so they go to the log alone.
    private static func from(_ problem: OutboxProblem) -> APIProblem {
        switch problem.code {
        case .busy, .full, .io, .closed, .replaced, .lockLost, .access, .other, .notADatabase, .schema, .fenced, .unreachable,
            .inDoubt:
            return APIProblem(.unavailable, "the outbox cannot be used now (\(problem.code.rawValue))", headers: [("Retry-After", "5")])
        case .key: return APIProblem(.unavailable, "the server lacks the key of sealed credentials", headers: [("Retry-After", "60")])
        case .constraint, .refused, .damaged, .connection:
            return APIProblem(.failed, "the outbox could not do it (\(problem.code.rawValue))")
        }
    }
}

extension Remedy {
    /// What to do, as half a sentence, for those who use the API.
    var apiSentence: String {
        switch self {
        case .listEndpoints: return "GET /v1/endpoints lists them"
        case .listNodes: return "GET /v1/nodes lists them"
        case .listDeliveries: return "GET /v1/deliveries lists them"
        case .cancelWaiting: return "add waiting=cancel to cancel what waits, or let it go out first"
        case .confirmRemovingAll: return "that takes posthorn apply --prune-all"
        case .openAddress: return "if it is meant, those who run Posthorn open its range"
        case .giveKey, .giveOrReplaceKey, .giveFormerKey, .restartWithNewKey, .nameAnotherFile, .restoreOrNameAnother,
            .replaceOrNameAnother, .putBackOrNameAnother, .checkOutbox, .openAsWriter, .runNewer, .readAsWriter:
            return "those who run Posthorn can mend it"
        }
    }
}
