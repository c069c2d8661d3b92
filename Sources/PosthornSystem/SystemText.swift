import Glibc

/// The system's words for an error number.
package enum SystemText {
    package static func of(_ number: Int32) -> String {
        // The POSIX form, which Glibc's headers give to Swift: it fills the buffer, unlike the GNU form of the same name.
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}

extension SystemProblem {
    /// Whether an error number says that descriptors or the kernel's memory for them have run out, so that it says nothing of what the
    /// call was about.
    package static func isShortage(_ number: Int32) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number) }
}
