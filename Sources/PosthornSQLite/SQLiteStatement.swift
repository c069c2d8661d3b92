import PosthornStore
import CPosthornSQLite
import Glibc

/// A prepared statement, which its connection outlives. Parameters and columns are counted as SQLite counts them: from 1 and from 0.
final class SQLiteStatement {
    private let handle: OpaquePointer
    /// `unsafe`, because a reference that is counted or checked would be paid for at each step; the connection finalizes its statements before
    /// it goes.
    private unowned(unsafe) let connection: SQLiteConnection

    init(_ handle: OpaquePointer, connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    // MARK: Running

    /// Steps to the next row; `false` when there is none.
    func step() throws(OutboxProblem) -> Bool {
        connection.statementSteps += 1
        let status = sqlite3_step(handle)
        if status == SQLITE_ROW { return true }
        if status == SQLITE_DONE { return false }
        let problem = connection.problem(status)
        sqlite3_reset(handle)
        throw problem
    }

    /// Runs a statement that returns no rows, and makes it ready for the next time.
    func run() throws(OutboxProblem) {
        _ = try step()
        sqlite3_reset(handle)
    }

    /// The same, with a text that it reads where it is, since a copy of an event's data would cost as much as its row. The parameter has
    /// no value afterwards.
    /// - Returns: How many rows it has changed.
    func run(borrowing utf8: [UInt8], as index: Int32) throws(OutboxProblem) -> Int {
        connection.statementSteps += 1
        let status = utf8.withUnsafeBytes { bytes in
            let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Self.empty
            _ = posthorn_sqlite3_bind_text_borrowed(handle, index, text, Int32(bytes.count))
            return sqlite3_step(handle)
        }
        let problem = status == SQLITE_DONE ? nil : connection.problem(status)
        sqlite3_reset(handle)
        sqlite3_bind_null(handle, index)
        if let problem { throw problem }
        return connection.changes
    }

    /// Ends the current run; bindings stay.
    func reset() { sqlite3_reset(handle) }

    // MARK: Binding

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { sqlite3_bind_int64(handle, index, value) } else { sqlite3_bind_null(handle, index) }
    }

    func bind(_ index: Int32, _ value: Double?) {
        if let value { sqlite3_bind_double(handle, index, value) } else { sqlite3_bind_null(handle, index) }
    }

    func bind(_ index: Int32, _ value: String?) {
        guard let value else {
            sqlite3_bind_null(handle, index)
            return
        }
        // Where it is stored, and so every native one, without a reference more.
        let isBound: Void? = value.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                // An empty buffer may have no address, and no address would bind NULL.
                _ = posthorn_sqlite3_bind_text_copy(handle, index, $0.baseAddress ?? Self.empty, Int32($0.count))
            }
        }
        if isBound == nil { bindText(index, utf8: Array(value.utf8)) }
    }

    func bindStatic(_ index: Int32, _ value: StaticString) {
        value.utf8Start.withMemoryRebound(to: CChar.self, capacity: value.utf8CodeUnitCount) {
            _ = posthorn_sqlite3_bind_text_borrowed(handle, index, $0, Int32(value.utf8CodeUnitCount))
        }
    }

    func bindText(_ index: Int32, utf8: [UInt8]) {
        utf8.withUnsafeBytes { bytes in
            _ = posthorn_sqlite3_bind_text_copy(
                handle,
                index,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Self.empty,
                Int32(bytes.count)
            )
        }
    }

    func bindBlob(_ index: Int32, _ bytes: [UInt8]) {
        if bytes.isEmpty {
            sqlite3_bind_null(handle, index)
        } else {
            bytes.withUnsafeBytes { _ = posthorn_sqlite3_bind_blob_copy(handle, index, $0.baseAddress, Int32($0.count)) }
        }
    }

    nonisolated(unsafe) private static let empty = UnsafePointer(strdup(""))!

    // MARK: Columns

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func integerOrNil(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    func double(_ column: Int32) -> Double? { isNull(column) ? nil : sqlite3_column_double(handle, column) }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func textOrNil(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// Whether the column holds exactly this text.
    func text(_ column: Int32, is text: StaticString) -> Bool {
        guard let start = sqlite3_column_text(handle, column) else { return false }
        let count = Int(sqlite3_column_bytes(handle, column))
        guard count == text.utf8CodeUnitCount else { return false }
        for i in 0..<count where start[i] != text.utf8Start[i] { return false }
        return true
    }

    /// The bytes of a text or a blob.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// How many bytes a text or a blob has.
    func byteCount(_ column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }
}
