// A platform writes `import Posthorn` and has the words that its methods take and give: events and deliveries, lists and
// counts, limits and the egress guard.
@_exported public import PosthornModel
@_exported public import PosthornText
@_exported public import PosthornStore
@_exported public import PosthornSending
@_exported public import PosthornMail
@_exported public import struct PosthornSystem.CIDR
@_exported public import struct PosthornSystem.NetworkAddress
@_exported public import struct PosthornSystem.CIDRProblem
@_exported public import protocol PosthornSystem.PosthornClock
@_exported public import protocol PosthornSystem.RandomSource
@_exported public import struct PosthornSystem.SystemClock
@_exported public import struct PosthornSystem.SystemProblem
@_exported public import struct PosthornSystem.SystemRandom
@_exported public import class PosthornSystem.Waker
