/// Why a scan ended.
public enum ScanEnd: Sendable {
    /// There is nothing more.
    case atEnd
    /// As many rows were looked at as were asked for.
    case atLimit
    /// The visitor wanted no more.
    case stopped
}
