import PosthornFormats
import PosthornModel
import PosthornText

/// Reads the vendors' files that a topology file names, each once, by their paths from it.
final class VendorFileReader {
    private let folder: String
    private var known: [String: JSONValue] = [:]

    /// - Parameter path: The topology file's; for the standard input paths are those from here.
    init(beside path: String) { folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }

    /// What an endpoint keeps of a file.
    /// - Throws: Why it cannot be read, or what is wrong with it, by its JSON Pointer.
    func document(_ path: String) throws(InputProblem) -> JSONValue {
        if let document = known[path] { return document }
        let document: JSONValue
        do {
            document = try VendorFileFlag.read(path.hasPrefix("/") ? path : folder + path).kept
        } catch let problem as InputFileContentProblem {
            throw problem.problem
        } catch {
            throw InputProblem(.notFound, field: "", value: VendorDocument.prefix + path, reason: "cannot be read: \(error)")
        }
        known[path] = document
        return document
    }
}
