import Glibc

/// The system's words for an error number.
enum SystemText {
    static func of(_ number: Int32) -> String {
        // The POSIX form, which Glibc's headers give to Swift: it fills the buffer, unlike the GNU form of the same name.
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
