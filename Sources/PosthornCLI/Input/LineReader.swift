import Glibc

/// The lines of a file one by one, in bounded memory however long a line is.
struct LineReader {
    /// What a line turned out to be.
    enum Line: Equatable {
        case text([UInt8])
        /// Longer than the limit; its bytes are gone.
        case tooLong
    }

    private let file: InputFile
    private let limitBytes: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var isAtEnd = false
    private var isSkipping = false

    /// The number of the line that came last, counted from 1.
    private(set) var number = 0
    /// Bytes read so far.
    private(set) var bytesRead = 0

    /// - Parameters:
    ///   - file: What to read.
    ///   - limitBytes: The longest line that is kept.
    init(_ file: InputFile, limitBytes: Int) {
        self.file = file
        self.limitBytes = limitBytes
    }

    /// The next line without its end; `nil` after the last one. A last line needs no line end.
    ///
    /// A line over the limit is told of as soon as it passes it; what is left of it is skipped by the next call.
    /// - Parameter beforeWaiting: Is called when nothing is there to read and the reader would wait, so that what is already
    ///   read need not wait with it.
    mutating func next(beforeWaiting: () throws -> Void = {}) throws -> Line? {
        while true {
            if let end = lineEnd() {
                defer { (start, scanned) = (end + 1, end + 1) }
                if let line = finish(start..<end) { return line }
                continue
            }
            if buffer.count - start > limitBytes {
                buffer.removeAll(keepingCapacity: true)
                (start, scanned) = (0, 0)
                if !isSkipping {
                    isSkipping = true
                    number += 1
                    return .tooLong
                }
            }
            if isAtEnd {
                if start == buffer.count { return nil }
                defer { start = buffer.count }
                return finish(start..<buffer.count)
            }
            if !file.isReadable { try beforeWaiting() }
            try fill()
        }
    }

    /// The line that stands there; `nil` when it is the rest of one that was too long.
    private mutating func finish(_ range: Range<Int>) -> Line? {
        if isSkipping {
            isSkipping = false
            return nil
        }
        number += 1
        return range.count > limitBytes ? .tooLong : .text(Array(buffer[range]))
    }

    private mutating func lineEnd() -> Int? {
        let found = buffer.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, scanned < bytes.count,
                let hit = memchr(base + scanned, 0x0A, bytes.count - scanned)
            else { return nil }
            return UnsafeRawPointer(hit) - base
        }
        if found == nil { scanned = buffer.count }
        return found
    }

    private mutating func fill() throws {
        if start > 0 {
            buffer.removeSubrange(..<start)
            scanned -= start
            start = 0
        }
        let got = try file.read(into: &buffer)
        bytesRead += got
        if got == 0 { isAtEnd = true }
    }
}
