// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// What the shop calls of swift-service-lifecycle, and no more: for builds without network.

import Glibc

public struct UnixSignal: Hashable, Sendable {
    package let number: Int32

    public static let sigterm = UnixSignal(number: SIGTERM)
}
