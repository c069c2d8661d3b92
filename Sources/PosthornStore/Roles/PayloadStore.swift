/// The data of events, which may be dropped before the rest of them. Part of ``OutboxStore``, under the same rules.
public protocol PayloadStore: AnyObject {
    /// Drops an event's data, and keeps its digest in place of it.
    /// - Parameter digest: SHA-256 of the data, in 64 hexadecimal digits.
    func dropData(ofEvent seq: Int64, digest: String) throws(OutboxProblem)
}
